import { Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { rolesQuery } from '../administration/places.js';
import { roleNameOf } from '../administration/role-name.js';
import { useHolds } from '../api/access.js';
import { api, must } from '../api/client.js';
import { FormModal } from '../parts/form-modal.js';
import { RowButton } from '../parts/row-button.js';
import { Rows, usePages } from '../parts/rows.js';
import { useChange } from '../parts/use-change.js';
import { projectQuery } from '../projects/project-query.js';
import type { PanelProps } from './object-groups.js';

const ROLES = ['site_administrator', 'concierge', 'user'] as const;
type Role = (typeof ROLES)[number];

/** Who is a member of the group itself. */
export function MembersPanel({ projectId, groupId }: PanelProps) {
  const { t } = useTranslation();
  const path = { p: projectId, g: groupId };
  const { rows, more } = usePages(['members', projectId, groupId], (query) =>
    must(api.GET('/api/v1/projects/{p}/groups/{g}/members', { params: { path, query } })),
  );
  const { data: project } = useSuspenseQuery(projectQuery(projectId));
  const { data: roles } = useSuspenseQuery(rolesQuery(project.tenantId, useHolds('roles:read')));
  const canManage = useHolds('members:manage');
  const [isAdding, setIsAdding] = useState(false);
  const [removed, setRemoved] = useState<{ readonly memberId: string; readonly name: string } | null>(null);
  const remove = useChange({
    send: (memberId: string, key) => {
      const params = { path: { ...path, memberId }, header: { 'Idempotency-Key': key } };
      return must(api.DELETE('/api/v1/projects/{p}/groups/{g}/members/{memberId}', { params }));
    },
    done: () => t('members.removed'),
    onDone: () => setRemoved(null),
  });
  return (
    <Stack>
      {canManage && (
        <Group justify="end">
          <Button onClick={() => setIsAdding(true)}>{t('members.add')}</Button>
        </Group>
      )}
      <Rows
        label={t('groups.tabs.members')}
        rows={rows}
        keyOf={({ memberId }) => memberId}
        empty={t('members.empty')}
        more={more}
        minWidth={420}
        columns={[
          {
            title: t('common.name'),
            isHead: true,
            cell: ({ name, email }) => (
              <>
                {name}
                <Text size="xs" c="dimmed">
                  {email}
                </Text>
              </>
            ),
          },
          { title: t('common.role'), cell: ({ role }) => roleNameOf(role, roles, t) },
          {
            title: '',
            cell: ({ memberId, name }) =>
              canManage && (
                <RowButton of={name} onClick={() => setRemoved({ memberId, name })}>
                  {t('common.remove')}
                </RowButton>
              ),
          },
        ]}
      />
      {removed !== null && (
        <FormModal
          title={`${t('common.remove')}: ${removed.name}`}
          onClose={() => setRemoved(null)}
          change={remove}
          input={removed.memberId}
          submit={t('common.remove')}
          isDangerous
        >
          <Text size="sm">{t('members.removeHint')}</Text>
        </FormModal>
      )}
      {isAdding && <AddMember projectId={projectId} groupId={groupId} onClose={() => setIsAdding(false)} />}
    </Stack>
  );
}

interface AddMemberProps {
  readonly projectId: string;
  readonly groupId: string;
  readonly onClose: () => void;
}

function AddMember({ projectId, groupId, onClose }: AddMemberProps) {
  const { t } = useTranslation();
  const form = useForm<{ name: string; email: string; role: Role }>({
    initialValues: { name: '', email: '', role: 'site_administrator' },
  });
  const change = useChange({
    send: (body: typeof form.values, key) => {
      const params = { path: { p: projectId, g: groupId }, header: { 'Idempotency-Key': key } };
      return must(api.POST('/api/v1/projects/{p}/groups/{g}/members', { params, body }));
    },
    done: () => t('members.added'),
    onDone: onClose,
  });
  return (
    <FormModal title={t('members.add')} onClose={onClose} change={change} input={form.values} submit={t('common.add')}>
      <TextInput label={t('common.name')} required data-autofocus {...form.getInputProps('name')} />
      <TextInput label={t('common.email')} type="email" required {...form.getInputProps('email')} />
      <Select
        label={t('common.role')}
        data={ROLES.map((role) => ({ value: role, label: t(`roles.${role}`) }))}
        allowDeselect={false}
        {...form.getInputProps('role')}
      />
    </FormModal>
  );
}
