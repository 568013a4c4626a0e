import { Anchor, Button, Group, Select, Stack, Text, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useHolds } from '../api/access.js';
import { api, must, type AnswerOf } from '../api/client.js';
import { termText } from '../parts/dates.js';
import { DayInput } from '../parts/day-input.js';
import { FormModal } from '../parts/form-modal.js';
import { limitText, unitsText } from '../parts/limit-text.js';
import { RowButton } from '../parts/row-button.js';
import { Rows } from '../parts/rows.js';
import { UnitsFields } from '../parts/units-fields.js';
import { StatusBadge } from '../parts/status-badge.js';
import { useChange } from '../parts/use-change.js';
import { JoinRequests } from './join-requests.js';
import { stockQuery } from './stock-query.js';

type Package = AnswerOf<'/api/v1/partners/{partnerId}/stock'>['packages'][number];

/** The days of packages, which belong to no project. */
const PACKAGE_ZONE = 'UTC';
const NO_UNITS = { sip_number: 0, mobile_app: 0, ukey2: 0 };

/** A partner and its stock: what it bought, sold and issued. */
export function Partner() {
  const { t, i18n } = useTranslation();
  const { partnerId } = useParams({ from: '/inside/partners/$partnerId' });
  const { data: partner } = useSuspenseQuery({
    queryKey: ['partner', partnerId],
    queryFn: () => must(api.GET('/api/v1/partners/{partnerId}', { params: { path: { partnerId } } })),
  });
  const { data: stock } = useSuspenseQuery(stockQuery(partnerId));
  const [isRecording, setIsRecording] = useState(false);
  const [selling, setSelling] = useState<Package | null>(null);
  const isDistributor = partner.kind === 'distributor';
  const canRecord = useHolds('packages:record') && isDistributor;
  const canSell = useHolds('stock:sell') && isDistributor;
  const letsIn = useHolds('partners:manage') && isDistributor && partner.status === 'open';
  return (
    <Stack>
      <div>
        <Anchor component={Link} to="/partners" size="sm">
          {t('partners.title')}
        </Anchor>
        <Title order={1} size="h2">
          {partner.name}
        </Title>
        <Text size="sm" c="dimmed">
          {t(`partners.kinds.${partner.kind}`)} · {t('common.timeZone', { zone: PACKAGE_ZONE })}
        </Text>
      </div>
      <Group justify="space-between">
        <Title order={2} size="h4">
          {t('partners.stock')}
        </Title>
        {canRecord && <Button onClick={() => setIsRecording(true)}>{t('partners.record')}</Button>}
      </Group>
      <Rows
        label={t('partners.stock')}
        rows={stock.packages}
        keyOf={({ packageId }) => packageId}
        empty={t('partners.stockEmpty')}
        minWidth={760}
        columns={[
          { title: t('partners.package'), isHead: true, cell: ({ name }) => name },
          {
            title: t('projects.term'),
            cell: ({ validFrom, validUntil }) =>
              termText(validFrom, validUntil, PACKAGE_ZONE, i18n.language, t('common.indefinite')),
          },
          { title: t('partners.total'), cell: ({ units }) => unitsText(units, t) },
          { title: t('partners.sold'), cell: ({ sold }) => unitsText(sold, t) },
          { title: t('partners.issued'), cell: ({ issued }) => unitsText(issued, t) },
          { title: t('partners.available'), cell: ({ available }) => unitsText(available, t) },
          { title: t('common.status'), cell: ({ status }) => <StatusBadge status={status} /> },
          {
            title: '',
            cell: (each) =>
              canSell &&
              each.status !== 'expired' && (
                <RowButton of={each.name} onClick={() => setSelling(each)}>
                  {t('partners.sell')}
                </RowButton>
              ),
          },
        ]}
      />
      {letsIn && <JoinRequests distributor={partner} />}
      {isRecording && <RecordPackage partnerId={partnerId} onClose={() => setIsRecording(false)} />}
      {selling && <SellPackage partnerId={partnerId} sold={selling} onClose={() => setSelling(null)} />}
    </Stack>
  );
}

interface RecordPackageProps {
  readonly partnerId: string;
  readonly onClose: () => void;
}

function RecordPackage({ partnerId, onClose }: RecordPackageProps) {
  const { t } = useTranslation();
  const form = useForm({
    initialValues: { name: '', units: NO_UNITS, validFrom: null as string | null, validUntil: null as string | null },
  });
  const features = Object.keys(t('features', { returnObjects: true })) as Package['features'];
  const change = useChange({
    send: (values: typeof form.values, key) => {
      const params = { path: { partnerId }, header: { 'Idempotency-Key': key } };
      return must(api.POST('/api/v1/partners/{partnerId}/packages', { params, body: { ...values, features } }));
    },
    onDone: onClose,
  });
  return (
    <FormModal
      title={t('partners.record')}
      onClose={onClose}
      change={change}
      input={form.values}
      submit={t('common.add')}
    >
      <TextInput label={t('common.name')} required data-autofocus {...form.getInputProps('name')} />
      <UnitsFields propsOf={form.getInputProps} />
      <DayInput label={t('licenses.validFrom')} {...form.getInputProps('validFrom')} />
      <DayInput label={t('licenses.validUntil')} {...form.getInputProps('validUntil')} />
    </FormModal>
  );
}

function SellPackage({ partnerId, sold, onClose }: RecordPackageProps & { readonly sold: Package }) {
  const { t } = useTranslation();
  const form = useForm({ initialValues: { toPartnerId: '', units: NO_UNITS } });
  const { data } = useQuery({
    queryKey: ['partners', 'below', partnerId],
    queryFn: () =>
      must(
        api.GET('/api/v1/partners', { params: { query: { parentPartnerId: partnerId, status: 'open', limit: 200 } } }),
      ),
  });
  const change = useChange({
    send: (body: typeof form.values, key) => {
      const params = { path: { partnerId, packageId: sold.packageId }, header: { 'Idempotency-Key': key } };
      return must(api.POST('/api/v1/partners/{partnerId}/packages/{packageId}/sales', { params, body }));
    },
    onDone: onClose,
  });
  return (
    <FormModal
      title={`${t('partners.sell')}: ${sold.name}`}
      onClose={onClose}
      change={change}
      input={form.values}
      submit={t('partners.sell')}
    >
      <Select
        label={t('partners.buyer')}
        data={data?.items.map((each) => ({ value: each.partnerId, label: each.name })) ?? []}
        required
        {...form.getInputProps('toPartnerId')}
      />
      <UnitsFields
        propsOf={form.getInputProps}
        describe={(resource) => `${t('partners.available')}: ${limitText(sold.available[resource], t)}`}
      />
    </FormModal>
  );
}
