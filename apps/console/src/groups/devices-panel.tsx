import { Button, Group, Stack, Table, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client.js';
import { FormModal } from '../parts/form-modal.js';
import { useChange } from '../parts/use-change.js';
import type { PanelProps } from './object-groups.js';

/** The devices in the group itself; each brings a Basic license. */
export function DevicesPanel({ projectId, groupId }: PanelProps) {
  const { t } = useTranslation();
  const path = { p: projectId, g: groupId };
  const { data } = useSuspenseQuery({
    queryKey: ['devices', projectId, groupId],
    queryFn: () =>
      must(api.GET('/api/v1/projects/{p}/groups/{g}/devices', { params: { path, query: { limit: 200 } } })),
  });
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
      <Group justify="end">
        <Button onClick={() => setIsAdding(true)}>{t('devices.add')}</Button>
      </Group>
      {data.items.length === 0 && <Text c="dimmed">{t('devices.empty')}</Text>}
      <Table>
        <Table.Tbody>
          {data.items.map(({ serialNumber, model }) => (
            <Table.Tr key={serialNumber}>
              <Table.Td>
                {serialNumber}
                <Text size="xs" c="dimmed">
                  {model}
                </Text>
              </Table.Td>
              <Table.Td>
                <Button variant="default" size="compact-sm" onClick={() => setRemoved(serialNumber)}>
                  {t('common.remove')}
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
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
