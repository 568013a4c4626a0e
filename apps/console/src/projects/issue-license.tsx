import { NumberInput, Select } from '@mantine/core';
import { DateInput } from '@mantine/dates';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client.js';
import { FormModal } from '../parts/form-modal.js';
import { RESOURCES, unitsText } from '../parts/limit-text.js';
import { useChange } from '../parts/use-change.js';

interface IssueLicenseProps {
  readonly project: { readonly projectId: string; readonly partnerId: string };
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

/** Issues units out of a package of the partner whose project it is. */
export function IssueLicense({ project: { projectId, partnerId }, isOpen, onClose }: IssueLicenseProps) {
  const { t } = useTranslation();
  const form = useForm({
    initialValues: {
      packageId: '',
      units: { sip_number: 0, mobile_app: 0, ukey2: 0 },
      validUntil: null as string | null,
    },
  });
  const stock = useQuery({
    queryKey: ['stock', partnerId],
    queryFn: () => must(api.GET('/api/v1/partners/{partnerId}/stock', { params: { path: { partnerId } } })),
    enabled: isOpen,
  });
  const change = useChange({
    send: ({ packageId, units, validUntil }: typeof form.values, key) => {
      const body = { type: 'plus' as const, partnerId, packageId, units, ...(validUntil !== null && { validUntil }) };
      const params = { path: { p: projectId }, header: { 'Idempotency-Key': key } };
      return must(api.POST('/api/v1/projects/{p}/licenses', { params, body }));
    },
    onDone: () => {
      form.reset();
      onClose();
    },
  });
  const packages = stock.data?.packages.filter(({ status }) => status === 'active') ?? [];
  const choices = packages.map(({ packageId, name, available }) => ({
    value: packageId,
    label: `${name} (${unitsText(available, t)})`,
  }));
  return (
    <FormModal
      title={t('projects.issue')}
      isOpen={isOpen}
      onClose={onClose}
      onSubmit={() => change.mutate(form.values)}
      submit={t('common.add')}
      isBusy={change.isPending}
      error={change.error ?? stock.error}
    >
      <Select label={t('projects.package')} data={choices} required {...form.getInputProps('packageId')} />
      {RESOURCES.map((resource) => (
        <NumberInput
          key={resource}
          label={t(`resources.${resource}`)}
          min={0}
          allowDecimal={false}
          {...form.getInputProps(`units.${resource}`)}
        />
      ))}
      <DateInput
        label={t('licenses.validUntil')}
        valueFormat="YYYY-MM-DD"
        clearable
        {...form.getInputProps('validUntil')}
      />
    </FormModal>
  );
}
