import { Anchor, Button, Group, Select, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDebouncedValue, useDisclosure } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useHolds } from '../api/access.js';
import { api, must, type ItemOf } from '../api/client.js';
import { FormModal } from '../parts/form-modal.js';
import { StatusBadge } from '../parts/status-badge.js';
import { useChange } from '../parts/use-change.js';

type ProjectRow = ItemOf<'/api/v1/projects'>;

/** A value within a filter of the API. */
const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;

export function Projects() {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const [wanted] = useDebouncedValue(name.trim(), 250);
  const [isCreating, creating] = useDisclosure(false);
  const canCreate = useHolds('projects:manage');
  const { data, hasNextPage, fetchNextPage, isPending } = useInfiniteQuery({
    queryKey: ['projects', wanted],
    queryFn: ({ pageParam }) => {
      const query = {
        limit: 50,
        ...(wanted !== '' && { filter: `name : ${quoted(wanted)}` }),
        ...(pageParam !== '' && { cursor: pageParam }),
      };
      return must(api.GET('/api/v1/projects', { params: { query } }));
    },
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
    placeholderData: keepPreviousData,
    throwOnError: true,
  });
  const rows = data?.pages.flatMap(({ items }) => items) ?? [];
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
      {!isPending && rows.length === 0 ? <Text c="dimmed">{t('projects.empty')}</Text> : <ProjectTable rows={rows} />}
      {hasNextPage && (
        <Button variant="default" onClick={() => void fetchNextPage()}>
          {t('common.more')}
        </Button>
      )}
      {isCreating && <CreateProject onClose={creating.close} />}
    </Stack>
  );
}

function ProjectTable({ rows }: { readonly rows: readonly ProjectRow[] }) {
  const { t } = useTranslation();
  return (
    <Table.ScrollContainer minWidth={480}>
      <Table highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('common.name')}</Table.Th>
            <Table.Th>{t('projects.billing')}</Table.Th>
            <Table.Th>{t('projects.timeZone')}</Table.Th>
            <Table.Th>{t('common.status')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ projectId, name, billingMode, timeZone, status }) => (
            <Table.Tr key={projectId}>
              <Table.Td>
                <Anchor component={Link} to={`/projects/${projectId}`} size="sm">
                  {name}
                </Anchor>
              </Table.Td>
              <Table.Td>{t(`projects.${billingMode}`)}</Table.Td>
              <Table.Td>{timeZone}</Table.Td>
              <Table.Td>
                <StatusBadge status={status} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
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
