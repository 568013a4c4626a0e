import { Button, Group, NumberInput, Select, Stack, Table, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, must, type ItemOf } from '../api/client.js';
import { instantText } from '../parts/dates.js';
import { FormModal } from '../parts/form-modal.js';
import { RESOURCES, type Resource } from '../parts/limit-text.js';
import { StatusBadge } from '../parts/status-badge.js';
import { useChange } from '../parts/use-change.js';
import type { PanelProps } from './object-groups.js';

type Assignment = ItemOf<'/api/v1/projects/{p}/groups/{g}/assignments'>;

/** What is in use at the group itself: assign it, give it back. */
export function UsePanel({ projectId, groupId, timeZone }: PanelProps) {
  const { t } = useTranslation();
  const path = { p: projectId, g: groupId };
  const { data } = useSuspenseQuery({
    queryKey: ['assignments', projectId, groupId],
    queryFn: () =>
      must(api.GET('/api/v1/projects/{p}/groups/{g}/assignments', { params: { path, query: { limit: 200 } } })),
  });
  const [isAssigning, setIsAssigning] = useState(false);
  const [releasing, setReleasing] = useState<Assignment | null>(null);
  return (
    <Stack>
      <Group justify="end">
        <Button onClick={() => setIsAssigning(true)}>{t('use.assign')}</Button>
      </Group>
      {data.items.length === 0 ? (
        <Text c="dimmed">{t('use.empty')}</Text>
      ) : (
        <Assignments items={inPairs(data.items)} timeZone={timeZone} onRelease={setReleasing} />
      )}
      {isAssigning && <Assign projectId={projectId} groupId={groupId} onClose={() => setIsAssigning(false)} />}
      {releasing && (
        <Release projectId={projectId} groupId={groupId} assignment={releasing} onClose={() => setReleasing(null)} />
      )}
    </Stack>
  );
}

/** Each app directly after the number it is paired with. */
function inPairs(items: readonly Assignment[]): readonly Assignment[] {
  const numbers = new Set(items.map(({ assignmentId }) => assignmentId));
  return items.flatMap((item) => {
    if (item.sipAssignmentId !== null && numbers.has(item.sipAssignmentId)) return [];
    return [item, ...items.filter(({ sipAssignmentId }) => sipAssignmentId === item.assignmentId)];
  });
}

interface AssignmentsProps {
  readonly items: readonly Assignment[];
  readonly timeZone: string;
  readonly onRelease: (assignment: Assignment) => void;
}

function Assignments({ items, timeZone, onRelease }: AssignmentsProps) {
  const { t, i18n } = useTranslation();
  return (
    <Table.ScrollContainer minWidth={480}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('use.resource')}</Table.Th>
            <Table.Th>{t('use.label')}</Table.Th>
            <Table.Th>{t('use.since')}</Table.Th>
            <Table.Th>{t('common.status')}</Table.Th>
            <Table.Th />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map((item) => (
            <Table.Tr key={item.assignmentId}>
              <Table.Td {...(item.sipAssignmentId !== null && { pl: 'xl' })}>
                {t(`resources.${item.resource}`)}
              </Table.Td>
              <Table.Td>{item.label ?? item.externalId}</Table.Td>
              <Table.Td>{instantText(item.assignedAt, timeZone, i18n.language)}</Table.Td>
              <Table.Td>
                <StatusBadge status={item.status} />
              </Table.Td>
              <Table.Td>
                <Button variant="default" size="compact-sm" onClick={() => onRelease(item)}>
                  {t('use.release')}
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

interface AssignProps {
  readonly projectId: string;
  readonly groupId: string;
  readonly onClose: () => void;
}

function Assign({ projectId, groupId, onClose }: AssignProps) {
  const { t } = useTranslation();
  const form = useForm<{ resource: Resource; label: string; count: number }>({
    initialValues: { resource: 'sip_number', label: '', count: 1 },
  });
  const change = useChange({
    send: ({ resource, label, count }: typeof form.values, key) => {
      const header = { 'Idempotency-Key': key };
      if (count > 1)
        return must(
          api.POST('/api/v1/projects/{p}/assignments', {
            params: { path: { p: projectId }, header },
            body: { assignments: [{ groupId, resource, count }] },
          }),
        );
      const params = { path: { p: projectId, g: groupId }, header };
      const body = { resource, ...(label !== '' && { label }) };
      return must(api.POST('/api/v1/projects/{p}/groups/{g}/assignments', { params, body }));
    },
    done: ({ count }) => t('use.assigned', { count }),
    onDone: onClose,
  });
  const { count } = form.values;
  return (
    <FormModal title={t('use.assign')} onClose={onClose} change={change} input={form.values} submit={t('use.assign')}>
      <Select
        label={t('use.resource')}
        data={RESOURCES.map((resource) => ({ value: resource, label: t(`resources.${resource}`) }))}
        allowDeselect={false}
        {...form.getInputProps('resource')}
      />
      <NumberInput label={t('use.count')} min={1} max={1000} allowDecimal={false} {...form.getInputProps('count')} />
      {count === 1 && <TextInput label={t('use.label')} {...form.getInputProps('label')} />}
    </FormModal>
  );
}

function Release({ projectId, groupId, assignment, onClose }: AssignProps & { readonly assignment: Assignment }) {
  const { t } = useTranslation();
  const change = useChange({
    send: (a: string, key) => {
      const params = { path: { p: projectId, g: groupId, a }, header: { 'Idempotency-Key': key } };
      return must(api.DELETE('/api/v1/projects/{p}/groups/{g}/assignments/{a}', { params }));
    },
    done: () => t('use.released'),
    onDone: onClose,
  });
  return (
    <FormModal
      title={`${t('use.release')}: ${assignment.label ?? t(`resources.${assignment.resource}`)}`}
      onClose={onClose}
      change={change}
      input={assignment.assignmentId}
      submit={t('use.release')}
    />
  );
}
