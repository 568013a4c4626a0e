import { Button, Group, Menu, Select, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, must, type AnswerOf } from '../api/client.js';
import { FormModal } from '../parts/form-modal.js';
import { useChange } from '../parts/use-change.js';
import { TransferUnits } from './transfer-units.js';

type GroupAnswer = AnswerOf<'/api/v1/projects/{p}/groups/{g}'>;

const TYPES = ['building', 'unit', 'floor', 'apartment', 'custom'] as const;
/** What usually lies below a group of a type. */
const BELOW: Readonly<Record<GroupAnswer['type'], (typeof TYPES)[number]>> = {
  company: 'building',
  building: 'unit',
  unit: 'floor',
  floor: 'apartment',
  apartment: 'custom',
  custom: 'custom',
};

interface AddGroupProps {
  readonly projectId: string;
  readonly parent: GroupAnswer;
  readonly onClose: () => void;
}

export function AddGroup({ projectId, parent, onClose }: AddGroupProps) {
  const { t } = useTranslation();
  const form = useForm({ initialValues: { name: '', type: BELOW[parent.type] } });
  const change = useChange({
    send: (values: typeof form.values, key) => {
      const params = { path: { p: projectId }, header: { 'Idempotency-Key': key } };
      return must(api.POST('/api/v1/projects/{p}/groups', { params, body: { parentId: parent.groupId, ...values } }));
    },
    onDone: onClose,
  });
  return (
    <FormModal
      title={`${t('groups.addGroup')}: ${parent.name}`}
      onClose={onClose}
      change={change}
      input={form.values}
      submit={t('common.add')}
    >
      <TextInput label={t('common.name')} required data-autofocus {...form.getInputProps('name')} />
      <Select
        label={t('common.type')}
        data={TYPES.map((type) => ({ value: type, label: t(`types.${type}`) }))}
        allowDeselect={false}
        {...form.getInputProps('type')}
      />
    </FormModal>
  );
}

interface GroupActionsProps {
  readonly projectId: string;
  readonly group: GroupAnswer;
}

export function GroupActions({ projectId, group }: GroupActionsProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<'rename' | 'remove' | 'transfer' | null>(null);
  const close = () => setOpen(null);
  const isRoot = group.parentId === null;
  return (
    <Group>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default">{t('groups.editGroup')}</Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item component={Link} to={`/projects/${projectId}/groups/${group.groupId}/generate`}>
            {t('generate.open')}
          </Menu.Item>
          <Menu.Item component={Link} to={`/projects/${projectId}/groups/${group.groupId}/limits`}>
            {t('bulk.open')}
          </Menu.Item>
          <Menu.Item onClick={() => setOpen('transfer')}>{t('transfer.open')}</Menu.Item>
          <Menu.Item onClick={() => setOpen('rename')} disabled={isRoot}>
            {t('groups.renameGroup')}
          </Menu.Item>
          <Menu.Item color="red" onClick={() => setOpen('remove')} disabled={isRoot}>
            {t('groups.removeGroup')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {open === 'transfer' && <TransferUnits projectId={projectId} group={group} onClose={close} />}
      {open === 'rename' && <RenameGroup projectId={projectId} group={group} onClose={close} />}
      {open === 'remove' && <RemoveGroup projectId={projectId} group={group} onClose={close} />}
    </Group>
  );
}

type OneGroupProps = GroupActionsProps & { readonly onClose: () => void };

function RenameGroup({ projectId, group, onClose }: OneGroupProps) {
  const { t } = useTranslation();
  const form = useForm({ initialValues: { name: group.name } });
  const change = useChange({
    send: (body: typeof form.values, key) => {
      const params = { path: { p: projectId, g: group.groupId }, header: { 'Idempotency-Key': key } };
      return must(api.PATCH('/api/v1/projects/{p}/groups/{g}', { params, body }));
    },
    onDone: onClose,
  });
  return (
    <FormModal
      title={t('groups.renameGroup')}
      onClose={onClose}
      change={change}
      input={form.values}
      submit={t('common.save')}
    >
      <TextInput label={t('common.name')} required data-autofocus {...form.getInputProps('name')} />
    </FormModal>
  );
}

function RemoveGroup({ projectId, group, onClose }: OneGroupProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const change = useChange({
    send: async (_none: null, key) => {
      const params = { path: { p: projectId, g: group.groupId }, header: { 'Idempotency-Key': key } };
      await must(api.DELETE('/api/v1/projects/{p}/groups/{g}', { params }));
      await navigate({
        to: '/projects/$projectId/groups/$groupId',
        params: { projectId, groupId: group.parentId ?? projectId },
      });
    },
    onDone: onClose,
  });
  return (
    <FormModal
      title={`${t('groups.removeGroup')}: ${group.name}`}
      onClose={onClose}
      change={change}
      input={null}
      submit={t('common.remove')}
      isDangerous
    >
      <Text size="sm">{t('groups.removeWarning')}</Text>
    </FormModal>
  );
}
