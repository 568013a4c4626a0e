import { Badge, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useSuspenseQuery } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, must, type ItemOf } from '../api/client.js';
import { useHolds, type Permission } from '../api/access.js';
import { FormModal } from '../parts/form-modal.js';
import { PageTitle } from '../parts/page-title.js';
import { RowButton } from '../parts/row-button.js';
import { Rows } from '../parts/rows.js';
import { useChange } from '../parts/use-change.js';
import { Permissions, PermissionsField } from './permissions.js';
import { roleName } from './role-name.js';
import { TenantSelect, useTenant } from './tenants.js';

type Role = ItemOf<'/api/v1/roles'>;

/** The five built-in roles, and those that a tenant made. */
export function Roles() {
  const { t } = useTranslation();
  const { tenants, tenantId, setTenantId } = useTenant(false);
  const shown = useDeferredValue(tenantId);
  const { data } = useSuspenseQuery({
    queryKey: ['roles', shown],
    queryFn: () => must(api.GET('/api/v1/roles', { params: { query: shown === null ? {} : { tenantId: shown } } })),
  });
  const canManage = useHolds('roles:manage') && shown !== null;
  const [changing, setChanging] = useState<Role | 'new' | null>(null);
  const [removing, setRemoving] = useState<Role | null>(null);
  return (
    <Stack>
      <PageTitle title={t('titles.rolesPage')} about={t('rolesPage.about')}>
        {canManage && <Button onClick={() => setChanging('new')}>{t('rolesPage.create')}</Button>}
      </PageTitle>
      <TenantSelect tenants={tenants} value={tenantId} onChange={setTenantId} />
      <Rows
        label={t('titles.rolesPage')}
        rows={data.items}
        keyOf={({ roleId }) => roleId}
        empty={t('rolesPage.empty')}
        columns={[
          {
            title: t('common.name'),
            cell: ({ roleId, name, custom }) => (
              <>
                {roleName({ roleId, name, custom }, t)}{' '}
                {!custom && (
                  <Badge variant="light" color="gray" tt="none">
                    {t('rolesPage.builtIn')}
                  </Badge>
                )}
              </>
            ),
          },
          { title: t('administration.permissions'), cell: (role) => <Permissions permissions={role.permissions} /> },
          {
            title: '',
            cell: (role) =>
              canManage &&
              role.custom && (
                <Group gap="xs" justify="end" wrap="nowrap">
                  <RowButton of={role.name} onClick={() => setChanging(role)}>
                    {t('administration.change')}
                  </RowButton>
                  <RowButton of={role.name} onClick={() => setRemoving(role)}>
                    {t('common.remove')}
                  </RowButton>
                </Group>
              ),
          },
        ]}
      />
      {changing !== null && shown !== null && (
        <RoleForm role={changing === 'new' ? null : changing} tenantId={shown} onClose={() => setChanging(null)} />
      )}
      {removing !== null && shown !== null && (
        <RemoveRole role={removing} tenantId={shown} onClose={() => setRemoving(null)} />
      )}
    </Stack>
  );
}

interface RoleFormProps {
  /** `null`: a new one. */
  readonly role: Role | null;
  readonly tenantId: string;
  readonly onClose: () => void;
}

function RoleForm({ role, tenantId, onClose }: RoleFormProps) {
  const { t } = useTranslation();
  const form = useForm<{ name: string; permissions: Permission[] }>({
    initialValues: { name: role?.name ?? '', permissions: role?.permissions ?? [] },
  });
  const change = useChange({
    send: (body: typeof form.values, key) => {
      const [query, header] = [{ tenantId }, { 'Idempotency-Key': key }];
      if (role === null) return must(api.POST('/api/v1/roles', { params: { query, header }, body }));
      const params = { path: { roleId: role.roleId }, query, header };
      return must(api.PUT('/api/v1/roles/{roleId}', { params, body }));
    },
    done: () => t('administration.saved'),
    onDone: onClose,
  });
  return (
    <FormModal
      title={role === null ? t('rolesPage.create') : t('rolesPage.change')}
      onClose={onClose}
      change={change}
      input={form.values}
      submit={t('common.save')}
    >
      <TextInput label={t('common.name')} required data-autofocus {...form.getInputProps('name')} />
      <PermissionsField
        value={form.values.permissions}
        onChange={(permissions) => form.setFieldValue('permissions', permissions)}
      />
      {role !== null && (
        <Text size="sm" c="dimmed">
          {t('rolesPage.changeHint')}
        </Text>
      )}
    </FormModal>
  );
}

interface RemoveRoleProps {
  readonly role: Role;
  readonly tenantId: string;
  readonly onClose: () => void;
}

function RemoveRole({ role, tenantId, onClose }: RemoveRoleProps) {
  const { t } = useTranslation();
  const change = useChange({
    send: (_input: null, key) => {
      const params = { path: { roleId: role.roleId }, query: { tenantId }, header: { 'Idempotency-Key': key } };
      return must(api.DELETE('/api/v1/roles/{roleId}', { params }));
    },
    done: () => t('administration.removed'),
    onDone: onClose,
  });
  return (
    <FormModal
      title={t('rolesPage.remove', { name: role.name })}
      onClose={onClose}
      change={change}
      input={null}
      submit={t('common.remove')}
      isDangerous
    >
      <Text size="sm">{t('rolesPage.removeHint')}</Text>
    </FormModal>
  );
}
