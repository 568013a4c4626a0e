import { Badge, Select, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useDeferredValue, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, must, type ItemOf } from '../api/client.js';
import { useHolds, useMe } from '../api/access.js';
import { instantText, zoneOf } from '../parts/dates.js';
import { PageTitle } from '../parts/page-title.js';
import { RowButton } from '../parts/row-button.js';
import { Rows, usePages } from '../parts/rows.js';
import { useChange } from '../parts/use-change.js';

type Delivery = ItemOf<'/api/v1/deliveries'>;
type Status = Delivery['status'];

const COLORS = {
  pending: 'blue',
  sending: 'blue',
  sent: 'teal',
  failed: 'orange',
  dead: 'red',
  obsolete: 'gray',
} as const satisfies Record<Status, string>;
const STATUSES = Object.keys(COLORS) as readonly Status[];

/** Mails, what became of them, and the way to send one again. */
export function Deliveries() {
  const { t, i18n } = useTranslation();
  const zone = zoneOf(useMe());
  const canSend = useHolds('mail:manage');
  const [status, setStatus] = useState<Status | null>(null);
  const [to, setTo] = useState('');
  const [wanted] = useDebouncedValue(to.trim(), 250);
  const shown = useDeferredValue({ status, wanted });
  const { rows, more } = usePages(
    ['deliveries', shown.status, shown.wanted],
    (page) => {
      const filters = {
        ...(shown.status !== null && { status: shown.status }),
        ...(shown.wanted !== '' && { to: shown.wanted }),
      };
      return must(api.GET('/api/v1/deliveries', { params: { query: { ...page, ...filters } } }));
    },
    ({ status: state }) => state === 'pending' || state === 'sending',
  );
  const repeat = useChange({
    send: (id: string, key) =>
      must(api.POST('/api/v1/deliveries/{id}/retry', { params: { path: { id }, header: { 'Idempotency-Key': key } } })),
    done: () => t('deliveries.repeated'),
    saysRefusal: true,
  });
  return (
    <Stack>
      <PageTitle title={t('titles.deliveries')} about={`${t('deliveries.about')} ${t('common.timeZone', { zone })}.`} />
      <Stack gap="xs" maw={320}>
        <Select
          label={t('common.status')}
          placeholder={t('administration.any')}
          data={STATUSES.map((value) => ({ value, label: t(`deliveries.states.${value}`) }))}
          value={status}
          onChange={(value) => setStatus(value)}
          clearable
        />
        <TextInput
          label={t('deliveries.to')}
          description={t('deliveries.toHint')}
          type="email"
          value={to}
          onChange={({ currentTarget }) => setTo(currentTarget.value)}
        />
      </Stack>
      <Rows
        label={t('titles.deliveries')}
        rows={rows}
        keyOf={({ deliveryId }) => deliveryId}
        empty={t('deliveries.empty')}
        minWidth={760}
        columns={[
          { title: t('deliveries.created'), cell: ({ createdAt }) => instantText(createdAt, zone, i18n.language) },
          {
            title: t('deliveries.mail'),
            cell: ({ mailType, subject }) => (
              <>
                {t(`mails.${mailType}`)}
                <Text size="xs" c="dimmed">
                  {subject}
                </Text>
              </>
            ),
          },
          {
            title: t('deliveries.recipient'),
            cell: ({ to: address, recipientName }) => (
              <>
                {recipientName}
                <Text size="xs" c="dimmed">
                  {address}
                </Text>
              </>
            ),
          },
          { title: t('common.status'), cell: (delivery) => <State delivery={delivery} zone={zone} /> },
          {
            title: '',
            cell: ({ deliveryId, status: state, subject }) =>
              canSend &&
              (state === 'failed' || state === 'dead') && (
                <RowButton of={subject ?? deliveryId} onClick={() => repeat.mutate(deliveryId)}>
                  {t('deliveries.repeat')}
                </RowButton>
              ),
          },
        ]}
      />
      {more}
    </Stack>
  );
}

function State({ delivery, zone }: { readonly delivery: Delivery; readonly zone: string }) {
  const { t, i18n } = useTranslation();
  const { status, error, sentAt, nextAttemptAt, attempts } = delivery;
  const details = [
    sentAt !== null && instantText(sentAt, zone, i18n.language),
    error !== null && t('deliveries.attempts', { count: attempts }),
    error,
    status === 'failed' && nextAttemptAt !== null
      ? t('deliveries.next', { at: instantText(nextAttemptAt, zone, i18n.language) })
      : null,
  ].filter((line) => typeof line === 'string');
  return (
    <>
      <Badge variant="light" color={COLORS[status]} tt="none">
        {t(`deliveries.states.${status}`)}
      </Badge>
      {details.map((line) => (
        <Text key={line} size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {line}
        </Text>
      ))}
    </>
  );
}
