import { Select, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client.js';
import { FormModal } from '../parts/form-modal.js';
import { useChange } from '../parts/use-change.js';
import type { Person } from './places.js';

/** Closes an account or opens it again; for the server administrator. */
export function AccountStatus({ person, onClose }: { readonly person: Person; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const form = useForm<{ action: 'deactivate' | 'reinstate'; reason: string }>({
    initialValues: { action: 'deactivate', reason: '' },
  });
  const change = useChange({
    send: ({ action, reason }: typeof form.values, key) => {
      const params = { path: { userId: person.userId }, header: { 'Idempotency-Key': key } };
      return action === 'deactivate'
        ? must(api.POST('/api/v1/users/{userId}/deactivate', { params, body: { reason } }))
        : must(api.POST('/api/v1/users/{userId}/reinstate', { params, body: { reason } }));
    },
    done: () => t('administration.saved'),
    onDone: onClose,
  });
  return (
    <FormModal
      title={t('people.accountOf', { name: person.name })}
      onClose={onClose}
      change={change}
      input={form.values}
      submit={t(`people.accountActions.${form.values.action}`)}
      isDangerous={form.values.action === 'deactivate'}
    >
      <Select
        label={t('people.accountAction')}
        data={(['deactivate', 'reinstate'] as const).map((value) => ({
          value,
          label: t(`people.accountActions.${value}`),
        }))}
        allowDeselect={false}
        {...form.getInputProps('action')}
      />
      <TextInput label={t('common.reason')} required data-autofocus {...form.getInputProps('reason')} />
      <Text size="sm" c="dimmed">
        {t('people.accountHint')}
      </Text>
    </FormModal>
  );
}
