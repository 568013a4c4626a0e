import { Anchor, Button, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, must, type ItemOf } from '../api/client.js';
import { useMe } from '../api/access.js';
import { dayText, zoneOf } from '../parts/dates.js';
import { eventText } from '../parts/happened-words.js';
import { FormModal } from '../parts/form-modal.js';
import { PageTitle } from '../parts/page-title.js';
import { Rows, usePages } from '../parts/rows.js';
import { useChange } from '../parts/use-change.js';
import { TenantSelect, useTenants } from './tenants.js';
import { EndpointStatus } from './webhook-status.js';
import { KeyShown, type NewKey } from './webhook-key.js';

export type Endpoint = ItemOf<'/api/v1/webhook-endpoints'>;

/** One per line. */
export const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** Addresses to which integration events are sent. */
export function Webhooks() {
  const { t, i18n } = useTranslation();
  const zone = zoneOf(useMe());
  const tenants = useTenants();
  const { rows, more } = usePages(['webhooks'], (page) =>
    must(api.GET('/api/v1/webhook-endpoints', { params: { query: page } })),
  );
  const [isCreating, setIsCreating] = useState(false);
  const [key, setKey] = useState<NewKey | null>(null);
  const nameOf = (tenantId: string | null): string =>
    tenantId === null
      ? t('webhooks.allTenants')
      : (tenants.find((each) => each.tenantId === tenantId)?.name ?? t('administration.tenantUnknown'));
  return (
    <Stack>
      <PageTitle title={t('titles.webhooks')} about={t('webhooks.about')}>
        <Button onClick={() => setIsCreating(true)}>{t('webhooks.create')}</Button>
      </PageTitle>
      <Rows
        label={t('titles.webhooks')}
        rows={rows}
        keyOf={({ endpointId }) => endpointId}
        empty={t('webhooks.empty')}
        columns={[
          {
            title: t('webhooks.url'),
            cell: ({ endpointId, url, description }) => (
              <>
                <Anchor component={Link} to={`/webhooks/${endpointId}`} size="sm" style={{ overflowWrap: 'anywhere' }}>
                  {url}
                </Anchor>
                <Text size="xs" c="dimmed">
                  {description}
                </Text>
              </>
            ),
          },
          { title: t('administration.tenant'), cell: ({ tenantId }) => nameOf(tenantId) },
          {
            title: t('webhooks.types'),
            cell: ({ types }) =>
              types === null || types.length === 0
                ? t('webhooks.allTypes')
                : types.map((type) => eventText(type, t)).join(', '),
          },
          { title: t('apiKeys.created'), cell: ({ createdAt }) => dayText(createdAt, zone, i18n.language) },
          { title: t('common.status'), cell: (endpoint) => <EndpointStatus endpoint={endpoint} /> },
        ]}
      />
      {more}
      {isCreating && <CreateEndpoint onClose={() => setIsCreating(false)} onCreated={setKey} />}
      {key !== null && <KeyShown newKey={key} onClose={() => setKey(null)} />}
    </Stack>
  );
}

interface CreateEndpointProps {
  readonly onClose: () => void;
  readonly onCreated: (key: NewKey) => void;
}

function CreateEndpoint({ onClose, onCreated }: CreateEndpointProps) {
  const { t } = useTranslation();
  const tenants = useTenants();
  const form = useForm<{ url: string; description: string; types: string; tenantId: string | null }>({
    initialValues: { url: '', description: '', types: '', tenantId: tenants[0]?.tenantId ?? null },
  });
  const change = useChange({
    send: async ({ url, description, types, tenantId }: typeof form.values) => {
      const chosen = linesOf(types);
      const body = {
        url,
        ...(description !== '' && { description }),
        ...(chosen.length > 0 && { types: chosen }),
        ...(tenantId !== null && { tenantId }),
      };
      const created = await must(api.POST('/api/v1/webhook-endpoints', { body }));
      if ('secret' in created) onCreated(created);
    },
    onDone: onClose,
  });
  return (
    <FormModal
      title={t('webhooks.create')}
      onClose={onClose}
      change={change}
      input={form.values}
      submit={t('common.add')}
    >
      <TextInput
        label={t('webhooks.url')}
        description={t('webhooks.urlHint')}
        type="url"
        required
        data-autofocus
        {...form.getInputProps('url')}
      />
      <TextInput label={t('webhooks.description')} {...form.getInputProps('description')} />
      <TenantSelect
        tenants={tenants}
        value={form.values.tenantId}
        onChange={(tenantId) => form.setFieldValue('tenantId', tenantId)}
      />
      <Textarea
        label={t('webhooks.types')}
        description={t('webhooks.typesHint')}
        autosize
        minRows={2}
        {...form.getInputProps('types')}
      />
    </FormModal>
  );
}
