import { Checkbox, ScrollArea, Spoiler, Stack, Text } from '@mantine/core';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { useMe, type Permission } from '../api/access.js';
import type { administrationEn } from '../words/administration.en.js';

type Underscored<Text extends string> = Text extends `${infer Before}${':' | '-'}${infer After}`
  ? `${Before}_${Underscored<After>}`
  : Text;

/** Permissions that no role or key of a tenant can have. */
const OF_THE_VENDOR: ReadonlySet<Permission> = new Set(['packages:record', 'system:manage']);

/** What a permission allows, in a sentence. */
export const permissionText = (permission: Permission, t: TFunction): string =>
  t(
    `permissions.${permission.replaceAll(/[:-]/g, '_') as keyof typeof administrationEn.permissions & Underscored<Permission>}`,
  );

/** What a role or key allows, a sentence each. */
export function Permissions({ permissions }: { readonly permissions: readonly Permission[] }) {
  const { t } = useTranslation();
  return (
    <Spoiler
      maxHeight={42}
      showLabel={t('administration.all', { count: permissions.length })}
      hideLabel={t('administration.fewer')}
    >
      <Text size="sm">{permissions.map((permission) => permissionText(permission, t)).join('. ')}.</Text>
    </Spoiler>
  );
}

interface PermissionsFieldProps {
  readonly value: readonly Permission[];
  readonly onChange: (value: Permission[]) => void;
  readonly error?: string | null;
}

/** Chooses among the permissions that somebody holds: nobody gives what they lack. */
export function PermissionsField({ value, onChange, error }: PermissionsFieldProps) {
  const { t } = useTranslation();
  const { permissions } = useMe();
  const choices = permissions.filter((permission) => !OF_THE_VENDOR.has(permission));
  return (
    <Checkbox.Group
      label={t('administration.permissions')}
      value={[...value]}
      onChange={(chosen) => onChange(chosen)}
      error={error}
      withAsterisk
    >
      <ScrollArea.Autosize mah={280} type="auto" mt="xs" viewportProps={{ tabIndex: 0 }}>
        <Stack gap={6}>
          {choices.map((permission) => (
            <Checkbox
              key={permission}
              value={permission}
              label={permissionText(permission, t)}
              description={permission}
              size="sm"
            />
          ))}
        </Stack>
      </ScrollArea.Autosize>
    </Checkbox.Group>
  );
}
