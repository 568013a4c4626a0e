import { Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client.js';
import { DayInput } from '../parts/day-input.js';
import { FormModal } from '../parts/form-modal.js';
import { useChange } from '../parts/use-change.js';

export type LicenseAction = 'extend' | 'suspend' | 'reinstate' | 'revoke';

interface LicenseChangeProps {
  readonly action: LicenseAction;
  readonly projectId: string;
  readonly licenseId: string;
  readonly onClose: () => void;
}

interface Input {
  readonly reason: string;
  readonly validUntil: string | null;
}

const send = (action: LicenseAction, path: { p: string; l: string }, { reason, validUntil }: Input, key: string) => {
  const params = { path, header: { 'Idempotency-Key': key } };
  switch (action) {
    case 'extend':
      return must(api.POST('/api/v1/projects/{p}/licenses/{l}/extend', { params, body: { validUntil } }));
    case 'suspend':
      return must(api.POST('/api/v1/projects/{p}/licenses/{l}/suspend', { params, body: { reason } }));
    case 'reinstate':
      return must(api.POST('/api/v1/projects/{p}/licenses/{l}/reinstate', { params, body: {} }));
    case 'revoke':
      return must(api.POST('/api/v1/projects/{p}/licenses/{l}/revoke', { params, body: { reason } }));
  }
};

/** Asks for what a change of a license needs, and makes it. */
export function LicenseChange({ action, projectId, licenseId, onClose }: LicenseChangeProps) {
  const { t } = useTranslation();
  const form = useForm<Input>({ initialValues: { reason: '', validUntil: null } });
  const change = useChange({
    send: (input: Input, key) => send(action, { p: projectId, l: licenseId }, input, key),
    onDone: onClose,
  });
  return (
    <FormModal
      title={t(`projects.${action}`)}
      onClose={onClose}
      change={change}
      input={form.values}
      submit={t(`projects.${action}`)}
      isDangerous={action === 'revoke'}
    >
      {action === 'revoke' && <Text size="sm">{t('projects.revokeWarning')}</Text>}
      {action === 'extend' && <DayInput label={t('projects.newEnd')} {...form.getInputProps('validUntil')} />}
      {(action === 'suspend' || action === 'revoke') && (
        <TextInput label={t('common.reason')} required data-autofocus {...form.getInputProps('reason')} />
      )}
    </FormModal>
  );
}
