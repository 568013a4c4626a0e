import { Badge, Button, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDeferredValue, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, must, type ItemOf } from '../api/client.js';
import { useMe, type Permission } from '../api/access.js';
import { Actor } from '../parts/actor.js';
import { dayText, instantText, zoneOf } from '../parts/dates.js';
import { DayInput } from '../parts/day-input.js';
import { FormModal } from '../parts/form-modal.js';
import { PageTitle } from '../parts/page-title.js';
import { RowButton } from '../parts/row-button.js';
import { Rows, usePages } from '../parts/rows.js';
import { ShownOnce } from '../parts/shown-once.js';
import { useChange } from '../parts/use-change.js';
import { endOfDay } from '../parts/zoned.js';
import { Permissions, PermissionsField } from './permissions.js';
import { TenantSelect, useTenants } from './tenants.js';

type ApiKey = ItemOf<'/api/v1/api-keys'>;

interface Created {
  readonly keyId: string;
  readonly secret: string;
}

/** Keys of machines. */
export function ApiKeys() {
  const { t, i18n } = useTranslation();
  const zone = zoneOf(useMe());
  const [withRevoked, setWithRevoked] = useState(false);
  const shown = useDeferredValue(withRevoked);
  const { rows, more } = usePages(['api keys', shown], (page) => {
    const query = { ...page, ...(!shown && { filter: 'revokedAt = null' }) };
    return must(api.GET('/api/v1/api-keys', { params: { query } }));
  });
  const tenants = useTenants();
  const [isCreating, setIsCreating] = useState(false);
  const [created, setCreated] = useState<Created | null>(null);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  return (
    <Stack>
      <PageTitle title={t('titles.apiKeys')} about={t('apiKeys.about')}>
        <Button onClick={() => setIsCreating(true)}>{t('apiKeys.create')}</Button>
      </PageTitle>
      <Switch
        label={t('apiKeys.withRevoked')}
        checked={withRevoked}
        onChange={({ currentTarget }) => setWithRevoked(currentTarget.checked)}
      />
      <Rows
        label={t('titles.apiKeys')}
        rows={rows}
        keyOf={({ keyId }) => keyId}
        empty={t('apiKeys.empty')}
        minWidth={760}
        columns={[
          {
            title: t('common.name'),
            cell: ({ name, keyId, tenantId }) => (
              <>
                {name}
                <Text size="xs" c="dimmed">
                  {keyId}
                  {tenants.length > 1 &&
                    ` · ${tenants.find((each) => each.tenantId === tenantId)?.name ?? t('administration.tenantUnknown')}`}
                </Text>
              </>
            ),
          },
          {
            title: t('administration.permissions'),
            cell: ({ permissions }) => <Permissions permissions={permissions as Permission[]} />,
          },
          {
            title: t('apiKeys.created'),
            cell: ({ createdAt, createdBy, tenantId }) => (
              <>
                {dayText(createdAt, zone, i18n.language)}
                <Text component="div" size="xs" c="dimmed">
                  <Actor actor={createdBy} partnerIds={[tenantId]} />
                </Text>
              </>
            ),
          },
          {
            title: t('apiKeys.lastUsed'),
            cell: ({ lastUsedAt }) =>
              lastUsedAt === null ? t('apiKeys.never') : instantText(lastUsedAt, zone, i18n.language),
          },
          { title: t('common.status'), cell: (key) => <KeyStatus apiKey={key} zone={zone} /> },
          {
            title: '',
            cell: (key) =>
              key.revokedAt === null && (
                <RowButton of={key.name} onClick={() => setRevoking(key)}>
                  {t('apiKeys.revoke')}
                </RowButton>
              ),
          },
        ]}
      />
      {more}
      {isCreating && <CreateKey onClose={() => setIsCreating(false)} onCreated={setCreated} />}
      {created !== null && (
        <ShownOnce
          title={t('apiKeys.createdTitle')}
          values={[
            { label: t('apiKeys.clientId'), value: created.keyId },
            { label: t('apiKeys.secret'), value: created.secret },
          ]}
          onClose={() => setCreated(null)}
        />
      )}
      {revoking !== null && <RevokeKey apiKey={revoking} onClose={() => setRevoking(null)} />}
    </Stack>
  );
}

function stateOf({ revokedAt, expiresAt }: ApiKey, now: number) {
  if (revokedAt !== null) return ['revoked', 'gray', revokedAt] as const;
  const isExpired = expiresAt !== null && Date.parse(expiresAt) <= now;
  return isExpired ? (['expired', 'gray', expiresAt] as const) : (['valid', 'teal', expiresAt] as const);
}

function KeyStatus({ apiKey, zone }: { readonly apiKey: ApiKey; readonly zone: string }) {
  const { t, i18n } = useTranslation();
  const [now] = useState(() => Date.now());
  const [state, color, at] = stateOf(apiKey, now);
  return (
    <>
      <Badge variant="light" color={color} tt="none">
        {t(`apiKeys.states.${state}`)}
      </Badge>
      <Text size="xs" c="dimmed">
        {at === null
          ? t('common.indefinite')
          : state === 'valid'
            ? t('apiKeys.until', { at: instantText(at, zone, i18n.language) })
            : instantText(at, zone, i18n.language)}
      </Text>
    </>
  );
}

interface CreateKeyProps {
  readonly onClose: () => void;
  readonly onCreated: (created: Created) => void;
}

function CreateKey({ onClose, onCreated }: CreateKeyProps) {
  const { t } = useTranslation();
  const zone = zoneOf(useMe());
  const tenants = useTenants();
  const form = useForm<{ name: string; tenantId: string | null; permissions: Permission[]; expiresAt: string | null }>({
    initialValues: { name: '', tenantId: tenants[0]?.tenantId ?? null, permissions: [], expiresAt: null },
  });
  const change = useChange({
    send: async ({ name, tenantId, permissions, expiresAt }: typeof form.values) => {
      const body = {
        name,
        permissions,
        ...(tenantId !== null && { tenantId }),
        ...(expiresAt !== null && { expiresAt: endOfDay(expiresAt, zone) }),
      };
      const created = await must(api.POST('/api/v1/api-keys', { body }));
      if ('secret' in created) onCreated(created);
    },
    onDone: onClose,
  });
  return (
    <FormModal
      title={t('apiKeys.create')}
      onClose={onClose}
      change={change}
      input={form.values}
      submit={t('apiKeys.submit')}
    >
      <TextInput
        label={t('common.name')}
        description={t('apiKeys.nameHint')}
        required
        data-autofocus
        {...form.getInputProps('name')}
      />
      <TenantSelect
        tenants={tenants}
        value={form.values.tenantId}
        onChange={(tenantId) => form.setFieldValue('tenantId', tenantId)}
      />
      <PermissionsField
        value={form.values.permissions}
        onChange={(permissions) => form.setFieldValue('permissions', permissions)}
      />
      <DayInput
        label={t('apiKeys.expires')}
        description={t('apiKeys.expiresHint')}
        minDate={new Date()}
        {...form.getInputProps('expiresAt')}
      />
    </FormModal>
  );
}

function RevokeKey({ apiKey, onClose }: { readonly apiKey: ApiKey; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const change = useChange({
    send: (_input: null, key) => {
      const params = { path: { keyId: apiKey.keyId }, header: { 'Idempotency-Key': key } };
      return must(api.DELETE('/api/v1/api-keys/{keyId}', { params }));
    },
    done: () => t('apiKeys.revoked'),
    onDone: onClose,
  });
  return (
    <FormModal
      title={t('apiKeys.revokeTitle', { name: apiKey.name })}
      onClose={onClose}
      change={change}
      input={null}
      submit={t('apiKeys.revoke')}
      isDangerous
    >
      <Text size="sm">{t('apiKeys.revokeHint')}</Text>
    </FormModal>
  );
}
