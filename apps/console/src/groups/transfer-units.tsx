import { Select, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client.js';
import { FormModal } from '../parts/form-modal.js';
import { UnitsFields } from '../parts/units-fields.js';
import { useChange } from '../parts/use-change.js';

interface TransferUnitsProps {
  readonly projectId: string;
  readonly group: { readonly groupId: string; readonly name: string };
  readonly onClose: () => void;
}

/** Gives units of a group's licenses to another group of the project, with a reason that stays in the history. */
export function TransferUnits({ projectId, group, onClose }: TransferUnitsProps) {
  const { t } = useTranslation();
  const form = useForm({
    initialValues: { toGroupId: '', units: { sip_number: 0, mobile_app: 0, ukey2: 0 }, reason: '' },
  });
  const [search, setSearch] = useState('');
  const [wanted] = useDebouncedValue(search.trim(), 200);
  const found = useQuery({
    queryKey: ['groups', projectId, wanted],
    queryFn: () => {
      const filter = wanted === '' ? {} : { filter: `name : ${JSON.stringify(wanted)}` };
      const params = { path: { p: projectId }, query: { limit: 30, ...filter } };
      return must(api.GET('/api/v1/projects/{p}/groups', { params }));
    },
    placeholderData: keepPreviousData,
  });
  const change = useChange({
    send: (values: typeof form.values, key) => {
      const params = { path: { p: projectId }, header: { 'Idempotency-Key': key } };
      const body = { fromGroupId: group.groupId, ...values };
      return must(api.POST('/api/v1/projects/{p}/allotment-transfers', { params, body }));
    },
    done: () => t('transfer.done'),
    onDone: onClose,
  });
  const groups = found.data?.items.filter(({ groupId }) => groupId !== group.groupId) ?? [];
  return (
    <FormModal
      title={t('transfer.title', { name: group.name })}
      onClose={onClose}
      change={change}
      input={form.values}
      submit={t('transfer.submit')}
      loadError={found.error}
    >
      <Text size="sm" c="dimmed">
        {t('transfer.hint')}
      </Text>
      <Select
        label={t('transfer.to')}
        data={groups.map(({ groupId, name }) => ({ value: groupId, label: name }))}
        searchable
        searchValue={search}
        onSearchChange={setSearch}
        filter={({ options }) => options}
        nothingFoundMessage={t(found.isPending ? 'common.loading' : 'transfer.none')}
        required
        {...form.getInputProps('toGroupId')}
      />
      <UnitsFields propsOf={form.getInputProps} />
      <TextInput label={t('common.reason')} required {...form.getInputProps('reason')} />
    </FormModal>
  );
}
