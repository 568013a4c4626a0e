import { Anchor, Button, Group, Select, Stack, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDebouncedValue, useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useDeferredValue, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useHolds } from '../api/access.js';
import { api, must } from '../api/client.js';
import { FormModal } from '../parts/form-modal.js';
import { Rows, usePages } from '../parts/rows.js';
import { StatusBadge } from '../parts/status-badge.js';
import { useChange } from '../parts/use-change.js';

/** A value within a filter of the API. */
const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;

export function Projects() {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const [wanted] = useDebouncedValue(name.trim(), 250);
  const [isCreating, creating] = useDisclosure(false);
  const canCreate = useHolds('projects:manage');
  const shown = useDeferredValue(wanted);
  const { rows, more } = usePages(['projects', shown], (page) => {
    const query = { ...page, ...(shown !== '' && { filter: `name : ${quoted(shown)}` }) };
    return must(api.GET('/api/v1/projects', { params: { query } }));
  });
  return (
    <Stack>
      <Group justify="space-between">
        <Title order={1} size="h2">
          {t('projects.title')}
        </Title>
        {canCreate && <Button onClick={creating.open}>{t('projects.create')}</Button>}
      </Group>
      <TextInput
        label={t('projects.filter')}
        value={name}
        onChange={({ currentTarget }) => setName(currentTarget.value)}
        maw={320}
      />
      <Rows
        label={t('projects.title')}
        rows={rows}
        keyOf={({ projectId }) => projectId}
        empty={shown === '' ? t(canCreate ? 'projects.empty' : 'projects.noneVisible') : t('projects.noneFound')}
        more={more}
        minWidth={480}
        columns={[
          {
            title: t('common.name'),
            isHead: true,
            cell: ({ projectId, name: title }) => (
              <Anchor component={Link} to={`/projects/${projectId}`} size="sm">
                {title}
              </Anchor>
            ),
          },
          { title: t('projects.billing'), cell: ({ billingMode }) => t(`projects.${billingMode}`) },
          { title: t('projects.timeZone'), cell: ({ timeZone }) => timeZone },
          { title: t('common.status'), cell: ({ status }) => <StatusBadge status={status} /> },
        ]}
      />
      {isCreating && <CreateProject onClose={creating.close} />}
    </Stack>
  );
}

function CreateProject({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const form = useForm({ initialValues: { name: '', partnerId: '', timeZone } });
  const partners = useQuery({
    queryKey: ['partners', 'open'],
    queryFn: () => must(api.GET('/api/v1/partners', { params: { query: { limit: 200, status: 'open' } } })),
  });
  const change = useChange({
    send: (body: typeof form.values, key) =>
      must(api.POST('/api/v1/projects', { body, params: { header: { 'Idempotency-Key': key } } })),
    onDone: onClose,
  });
  const choices = partners.data?.items.map(({ partnerId, name }) => ({ value: partnerId, label: name })) ?? [];
  return (
    <FormModal
      title={t('projects.create')}
      onClose={onClose}
      change={change}
      input={form.values}
      submit={t('common.add')}
    >
      <TextInput label={t('common.name')} required data-autofocus {...form.getInputProps('name')} />
      <Select label={t('projects.partner')} data={choices} required searchable {...form.getInputProps('partnerId')} />
      <TextInput label={t('projects.timeZone')} required {...form.getInputProps('timeZone')} />
    </FormModal>
  );
}
