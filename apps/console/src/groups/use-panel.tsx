import { Button, Group, NumberInput, Select, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useHolds } from '../api/access.js';
import { api, must, type ItemOf } from '../api/client.js';
import { instantText } from '../parts/dates.js';
import { FormModal } from '../parts/form-modal.js';
import { RESOURCES, type Resource } from '../parts/limit-text.js';
import { RowButton } from '../parts/row-button.js';
import { Rows, usePages } from '../parts/rows.js';
import { StatusBadge } from '../parts/status-badge.js';
import { useChange } from '../parts/use-change.js';
import type { PanelProps } from './object-groups.js';

type Assignment = ItemOf<'/api/v1/projects/{p}/groups/{g}/assignments'>;

/** What is in use at the group itself: assign it, give it back. */
export function UsePanel({ projectId, groupId, timeZone }: PanelProps) {
  const { t } = useTranslation();
  const path = { p: projectId, g: groupId };
  const { rows, more } = usePages(['assignments', projectId, groupId], (query) =>
    must(api.GET('/api/v1/projects/{p}/groups/{g}/assignments', { params: { path, query } })),
  );
  const canAssign = useHolds('assignments:manage');
  const [isAssigning, setIsAssigning] = useState(false);
  const [releasing, setReleasing] = useState<Assignment | null>(null);
  return (
    <Stack>
      {canAssign && (
        <Group justify="end">
          <Button onClick={() => setIsAssigning(true)}>{t('use.assign')}</Button>
        </Group>
      )}
      <Assignments items={inPairs(rows)} more={more} timeZone={timeZone} onRelease={canAssign ? setReleasing : null} />
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
  readonly more: ReactNode;
  readonly timeZone: string;
  /** `null`: not for this person. */
  readonly onRelease: ((assignment: Assignment) => void) | null;
}

function Assignments({ items, more, timeZone, onRelease }: AssignmentsProps) {
  const { t, i18n } = useTranslation();
  return (
    <Rows
      label={t('groups.tabs.use')}
      rows={items}
      keyOf={({ assignmentId }) => assignmentId}
      empty={t('use.empty')}
      more={more}
      minWidth={480}
      columns={[
        {
          title: t('use.resource'),
          cell: ({ resource, sipAssignmentId }) => (
            <Text span inherit {...(sipAssignmentId !== null && { pl: 'lg' })}>
              {t(`resources.${resource}`)}
            </Text>
          ),
        },
        { title: t('use.label'), cell: ({ label, externalId }) => label ?? externalId },
        { title: t('use.since'), cell: ({ assignedAt }) => instantText(assignedAt, timeZone, i18n.language) },
        { title: t('common.status'), cell: ({ status }) => <StatusBadge status={status} /> },
        {
          title: '',
          cell: (item) =>
            onRelease !== null && (
              <RowButton of={item.label ?? t(`resources.${item.resource}`)} onClick={() => onRelease(item)}>
                {t('use.release')}
              </RowButton>
            ),
        },
      ]}
    />
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
