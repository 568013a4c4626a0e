import { Button, Group, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useHolds } from '../api/access.js';
import { api, must } from '../api/client.js';
import { FormModal } from '../parts/form-modal.js';
import { RowButton } from '../parts/row-button.js';
import { Rows, usePages } from '../parts/rows.js';
import { useChange } from '../parts/use-change.js';
import type { PanelProps } from './object-groups.js';

/** The devices in the group itself; each brings a Basic license. */
export function DevicesPanel({ projectId, groupId }: PanelProps) {
  const { t } = useTranslation();
  const path = { p: projectId, g: groupId };
  const { rows, more } = usePages(['devices', projectId, groupId], (query) =>
    must(api.GET('/api/v1/projects/{p}/groups/{g}/devices', { params: { path, query } })),
  );
  const canManage = useHolds('devices:manage');
  const [isAdding, setIsAdding] = useState(false);
  const [removed, setRemoved] = useState<string | null>(null);
  const remove = useChange({
    send: (serialNumber: string, key) => {
      const params = { path: { ...path, serialNumber }, header: { 'Idempotency-Key': key } };
      return must(api.DELETE('/api/v1/projects/{p}/groups/{g}/devices/{serialNumber}', { params }));
    },
    onDone: () => setRemoved(null),
  });
  return (
    <Stack>
      {canManage && (
        <Group justify="end">
          <Button onClick={() => setIsAdding(true)}>{t('devices.add')}</Button>
        </Group>
      )}
      <Rows
        label={t('groups.tabs.devices')}
        rows={rows}
        keyOf={({ serialNumber }) => serialNumber}
        empty={t('devices.empty')}
        more={more}
        minWidth={320}
        columns={[
          { title: t('devices.serialNumber'), isHead: true, cell: ({ serialNumber }) => serialNumber },
          { title: t('devices.model'), cell: ({ model }) => model },
          {
            title: '',
            cell: ({ serialNumber }) =>
              canManage && (
                <RowButton of={serialNumber} onClick={() => setRemoved(serialNumber)}>
                  {t('common.remove')}
                </RowButton>
              ),
          },
        ]}
      />
      {isAdding && <AddDevice projectId={projectId} groupId={groupId} onClose={() => setIsAdding(false)} />}
      {removed !== null && (
        <FormModal
          title={`${t('common.remove')}: ${removed}`}
          onClose={() => setRemoved(null)}
          change={remove}
          input={removed}
          submit={t('common.remove')}
          isDangerous
        />
      )}
    </Stack>
  );
}

interface AddDeviceProps {
  readonly projectId: string;
  readonly groupId: string;
  readonly onClose: () => void;
}

function AddDevice({ projectId, groupId, onClose }: AddDeviceProps) {
  const { t } = useTranslation();
  const form = useForm({ initialValues: { serialNumber: '', model: '', claimCode: '' } });
  const change = useChange({
    send: ({ serialNumber, model, claimCode }: typeof form.values, key) => {
      const params = { path: { p: projectId, g: groupId }, header: { 'Idempotency-Key': key } };
      const body = { serialNumber, model, ...(claimCode !== '' && { claimCode }) };
      return must(api.POST('/api/v1/projects/{p}/groups/{g}/devices', { params, body }));
    },
    onDone: onClose,
  });
  return (
    <FormModal title={t('devices.add')} onClose={onClose} change={change} input={form.values} submit={t('common.add')}>
      <TextInput label={t('devices.serialNumber')} required data-autofocus {...form.getInputProps('serialNumber')} />
      <TextInput label={t('devices.model')} required {...form.getInputProps('model')} />
      <TextInput label={t('devices.claimCode')} {...form.getInputProps('claimCode')} />
    </FormModal>
  );
}
