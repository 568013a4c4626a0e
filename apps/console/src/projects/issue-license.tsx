import { Select } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client.js';
import { stockQuery } from '../partners/stock-query.js';
import { DayInput } from '../parts/day-input.js';
import { FormModal } from '../parts/form-modal.js';
import { unitsText } from '../parts/limit-text.js';
import { UnitsFields } from '../parts/units-fields.js';
import { useChange } from '../parts/use-change.js';

interface IssueLicenseProps {
  readonly project: { readonly projectId: string; readonly partnerId: string };
  readonly onClose: () => void;
}

/** Issues units out of a package of the partner whose project it is. */
export function IssueLicense({ project: { projectId, partnerId }, onClose }: IssueLicenseProps) {
  const { t } = useTranslation();
  const form = useForm({
    initialValues: {
      packageId: '',
      units: { sip_number: 0, mobile_app: 0, ukey2: 0 },
      validUntil: null as string | null,
    },
  });
  const stock = useQuery(stockQuery(partnerId));
  const change = useChange({
    send: ({ packageId, units, validUntil }: typeof form.values, key) => {
      const body = { type: 'plus' as const, partnerId, packageId, units, ...(validUntil !== null && { validUntil }) };
      const params = { path: { p: projectId }, header: { 'Idempotency-Key': key } };
      return must(api.POST('/api/v1/projects/{p}/licenses', { params, body }));
    },
    onDone: onClose,
  });
  const packages = stock.data?.packages.filter(({ status }) => status === 'active') ?? [];
  const choices = packages.map(({ packageId, name, available }) => ({
    value: packageId,
    label: `${name} (${unitsText(available, t)})`,
  }));
  return (
    <FormModal
      title={t('projects.issue')}
      onClose={onClose}
      change={change}
      input={form.values}
      submit={t('common.add')}
      loadError={stock.error}
    >
      <Select label={t('projects.package')} data={choices} required {...form.getInputProps('packageId')} />
      <UnitsFields propsOf={form.getInputProps} />
      <DayInput label={t('licenses.validUntil')} {...form.getInputProps('validUntil')} />
    </FormModal>
  );
}
