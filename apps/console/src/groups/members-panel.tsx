import { Button, Group, Select, Stack, Table, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client.js';
import { FormModal } from '../parts/form-modal.js';
import { useChange } from '../parts/use-change.js';
import type { PanelProps } from './object-groups.js';

const ROLES = ['site_administrator', 'concierge', 'user'] as const;
type Role = (typeof ROLES)[number];

const isBuiltIn = (role: string): role is Role => (ROLES as readonly string[]).includes(role);

/** Who is a member of the group itself. */
export function MembersPanel({ projectId, groupId }: PanelProps) {
  const { t } = useTranslation();
  const path = { p: projectId, g: groupId };
  const { data } = useSuspenseQuery({
    queryKey: ['members', projectId, groupId],
    queryFn: () =>
      must(api.GET('/api/v1/projects/{p}/groups/{g}/members', { params: { path, query: { limit: 200 } } })),
  });
  const [isAdding, setIsAdding] = useState(false);
  const remove = useChange({
    send: (memberId: string, key) => {
      const params = { path: { ...path, memberId }, header: { 'Idempotency-Key': key } };
      return must(api.DELETE('/api/v1/projects/{p}/groups/{g}/members/{memberId}', { params }));
    },
  });
  return (
    <Stack>
      <Group justify="end">
        <Button onClick={() => setIsAdding(true)}>{t('members.add')}</Button>
      </Group>
      {data.items.length === 0 && <Text c="dimmed">{t('members.empty')}</Text>}
      <Table>
        <Table.Tbody>
          {data.items.map(({ memberId, name, email, role }) => (
            <Table.Tr key={memberId}>
              <Table.Td>
                {name}
                <Text size="xs" c="dimmed">
                  {email}
                </Text>
              </Table.Td>
              <Table.Td>{isBuiltIn(role) ? t(`roles.${role}`) : role}</Table.Td>
              <Table.Td>
                <Button variant="default" size="compact-sm" onClick={() => remove.mutate(memberId)}>
                  {t('common.remove')}
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
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
