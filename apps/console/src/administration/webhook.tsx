import { Anchor, Badge, Button, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { DateTimePicker } from '@mantine/dates';
import { useForm } from '@mantine/form';
import { useSuspenseQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, must, type AnswerOf, type ItemOf } from '../api/client.js';
import { useMe } from '../api/access.js';
import { instantText, zoneOf } from '../parts/dates.js';
import { useCalendarWords } from '../parts/day-input.js';
import { eventText } from '../parts/happened-words.js';
import { FormModal } from '../parts/form-modal.js';
import { PageTitle } from '../parts/page-title.js';
import { Rows, usePages } from '../parts/rows.js';
import { useChange } from '../parts/use-change.js';
import { instantOf } from '../parts/zoned.js';
import { KeyShown, type NewKey } from './webhook-key.js';
import { EndpointStatus } from './webhook-status.js';

type Sent = ItemOf<'/api/v1/webhook-endpoints/{endpointId}/deliveries'>;
type Window = 'replay' | 'rotate' | 'remove' | 'change';

const SENT_COLORS = { pending: 'blue', delivered: 'teal', failed: 'red' } as const;

/** One endpoint: what was sent to it, its keys, and what can be done with it. */
export function Webhook() {
  const { t, i18n } = useTranslation();
  const zone = zoneOf(useMe());
  const { endpointId } = useParams({ from: '/inside/webhooks/$endpointId' });
  const path = { endpointId };
  const { data: endpoint } = useSuspenseQuery({
    queryKey: ['webhook', endpointId],
    queryFn: () => must(api.GET('/api/v1/webhook-endpoints/{endpointId}', { params: { path } })),
  });
  const { data: keys } = useSuspenseQuery({
    queryKey: ['webhook keys', endpointId],
    queryFn: () => must(api.GET('/api/v1/webhook-keys', { params: { query: { endpointId } } })),
  });
  const { rows, more } = usePages(
    ['webhook deliveries', endpointId],
    (query) => must(api.GET('/api/v1/webhook-endpoints/{endpointId}/deliveries', { params: { path, query } })),
    ({ status }) => status === 'pending',
  );
  const [open, setOpen] = useState<Window | null>(null);
  const [newKey, setNewKey] = useState<NewKey | null>(null);
  const test = useChange({
    send: (_input: null, key) => {
      const params = { path, header: { 'Idempotency-Key': key } };
      return must(api.POST('/api/v1/webhook-endpoints/{endpointId}/test', { params }));
    },
    done: () => t('webhooks.testQueued'),
    saysRefusal: true,
  });
  const setStatus = useChange({
    send: (status: 'active' | 'paused', key) => {
      const params = { path, header: { 'Idempotency-Key': key } };
      return must(api.PATCH('/api/v1/webhook-endpoints/{endpointId}', { params, body: { status } }));
    },
    done: (status) => t(`webhooks.now.${status}`),
    saysRefusal: true,
  });
  const at = (instant: string): string => instantText(instant, zone, i18n.language);
  return (
    <Stack>
      <Anchor component={Link} to="/webhooks" size="sm">
        {t('titles.webhooks')}
      </Anchor>
      <PageTitle title={endpoint.url} {...(endpoint.description !== null && { about: endpoint.description })} />
      <Group gap="xs">
        <EndpointStatus endpoint={endpoint} />
        {endpoint.failingSince !== null && (
          <Text size="sm">{t('webhooks.failingSince', { at: at(endpoint.failingSince) })}</Text>
        )}
      </Group>
      <Text size="sm">
        {t('webhooks.types')}:{' '}
        {endpoint.types === null || endpoint.types.length === 0 ? t('webhooks.allTypes') : endpoint.types.join(', ')}
      </Text>
      <Group gap="xs">
        <Button onClick={() => test.mutate(null)} loading={test.isPending}>
          {t('webhooks.test')}
        </Button>
        <Button
          variant="default"
          loading={setStatus.isPending}
          onClick={() => setStatus.mutate(endpoint.status === 'active' ? 'paused' : 'active')}
        >
          {endpoint.status === 'active' ? t('webhooks.pause') : t('webhooks.resume')}
        </Button>
        <Button variant="default" onClick={() => setOpen('change')}>
          {t('administration.change')}
        </Button>
        <Button variant="default" onClick={() => setOpen('replay')}>
          {t('webhooks.replay')}
        </Button>
        <Button variant="default" onClick={() => setOpen('rotate')}>
          {t('webhooks.rotate')}
        </Button>
        <Button variant="default" onClick={() => setOpen('remove')}>
          {t('common.remove')}
        </Button>
      </Group>
      <Title order={2} size="h4">
        {t('webhooks.keys')}
      </Title>
      <Rows
        label={t('webhooks.keys')}
        rows={keys.keys}
        keyOf={({ keyId }) => keyId}
        empty={t('webhooks.noKeys')}
        columns={[
          {
            title: t('webhooks.publicKey'),
            cell: ({ publicKey }) => (
              <Text ff="monospace" size="xs">
                {publicKey}
              </Text>
            ),
          },
          { title: t('apiKeys.created'), cell: ({ createdAt }) => at(createdAt) },
          {
            title: t('common.status'),
            cell: ({ expiresAt }) =>
              expiresAt === null ? t('webhooks.current') : t('apiKeys.until', { at: at(expiresAt) }),
          },
        ]}
      />
      <Title order={2} size="h4">
        {t('webhooks.deliveries')}
      </Title>
      <Text size="sm" c="dimmed">
        {t('common.timeZone', { zone })}
      </Text>
      <Rows
        label={t('webhooks.deliveries')}
        rows={rows}
        keyOf={({ deliveryId }) => deliveryId}
        empty={t('webhooks.noDeliveries')}
        minWidth={720}
        columns={[
          { title: t('history.when'), cell: ({ createdAt }) => at(createdAt) },
          {
            title: t('webhooks.event'),
            cell: ({ type, subject, kind }) => (
              <>
                {eventText(type, t)}{' '}
                {kind !== 'event' && (
                  <Badge variant="light" tt="none" color="gray">
                    {t(`webhooks.kinds.${kind}`)}
                  </Badge>
                )}
                <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
                  {type} · {subject}
                </Text>
              </>
            ),
          },
          { title: t('common.status'), cell: (sent) => <Outcome sent={sent} at={at} /> },
        ]}
      />
      {more}
      {open !== null && (
        <OpenWindow which={open} endpoint={endpoint} onClose={() => setOpen(null)} onRotated={setNewKey} />
      )}
      {newKey !== null && <KeyShown newKey={newKey} onClose={() => setNewKey(null)} />}
    </Stack>
  );
}

function Outcome({ sent, at }: { readonly sent: Sent; readonly at: (instant: string) => string }) {
  const { t } = useTranslation();
  const { status, attempts, responseStatus, error, nextAttemptAt } = sent;
  const lines = [
    attempts > 0 ? t('deliveries.attempts', { count: attempts }) : null,
    responseStatus === null ? error : `HTTP ${responseStatus}`,
    status === 'pending' && attempts > 0 && nextAttemptAt !== null
      ? t('deliveries.next', { at: at(nextAttemptAt) })
      : null,
  ].filter((line) => line !== null);
  return (
    <>
      <Badge variant="light" color={SENT_COLORS[status]} tt="none">
        {t(`webhooks.sent.${status}`)}
      </Badge>
      <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
        {lines.join(' · ')}
      </Text>
    </>
  );
}

interface OpenWindowProps {
  readonly which: Window;
  readonly endpoint: AnswerOf<'/api/v1/webhook-endpoints/{endpointId}'>;
  readonly onClose: () => void;
  readonly onRotated: (key: NewKey) => void;
}

function OpenWindow({ which, endpoint, onClose, onRotated }: OpenWindowProps) {
  const { endpointId } = endpoint;
  if (which === 'replay') return <Replay endpointId={endpointId} onClose={onClose} />;
  if (which === 'rotate') return <Rotate endpointId={endpointId} onClose={onClose} onRotated={onRotated} />;
  if (which === 'remove') return <Remove endpointId={endpointId} onClose={onClose} />;
  return <ChangeEndpoint endpointId={endpointId} initial={endpoint} onClose={onClose} />;
}

interface WindowProps {
  readonly endpointId: string;
  readonly onClose: () => void;
}

function Replay({ endpointId, onClose }: WindowProps) {
  const { t } = useTranslation();
  const zone = zoneOf(useMe());
  const words = useCalendarWords();
  const form = useForm<{ from: string | null; until: string | null }>({ initialValues: { from: null, until: null } });
  const change = useChange({
    send: ({ from, until }: typeof form.values, key) => {
      const body = { from: instantOf(from ?? '', zone), until: instantOf(until ?? '', zone) };
      const params = { path: { endpointId }, header: { 'Idempotency-Key': key } };
      return must(api.POST('/api/v1/webhook-endpoints/{endpointId}/replay', { params, body }));
    },
    done: () => t('webhooks.replayed'),
    onDone: onClose,
  });
  return (
    <FormModal
      title={t('webhooks.replay')}
      onClose={onClose}
      change={change}
      input={form.values}
      submit={t('webhooks.replay')}
    >
      <Text size="sm">{t('webhooks.replayHint')}</Text>
      <DateTimePicker label={t('webhooks.from')} required {...words} {...form.getInputProps('from')} />
      <DateTimePicker label={t('webhooks.until')} required {...words} {...form.getInputProps('until')} />
    </FormModal>
  );
}

function Rotate({ endpointId, onClose, onRotated }: WindowProps & { readonly onRotated: (key: NewKey) => void }) {
  const { t } = useTranslation();
  const change = useChange({
    send: async (_input: null) => {
      const params = { path: { endpointId } };
      const rotated = await must(api.POST('/api/v1/webhook-endpoints/{endpointId}/rotate', { params, body: {} }));
      if ('secret' in rotated) onRotated(rotated);
    },
    onDone: onClose,
  });
  return (
    <FormModal
      title={t('webhooks.rotate')}
      onClose={onClose}
      change={change}
      input={null}
      submit={t('webhooks.rotate')}
    >
      <Text size="sm">{t('webhooks.rotateHint')}</Text>
    </FormModal>
  );
}

function Remove({ endpointId, onClose }: WindowProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const change = useChange({
    send: async (_input: null, key) => {
      const params = { path: { endpointId }, header: { 'Idempotency-Key': key } };
      await must(api.DELETE('/api/v1/webhook-endpoints/{endpointId}', { params }));
      // Away first, so that nothing asks for what is no longer there.
      await navigate({ to: '/webhooks' });
    },
    done: () => t('administration.removed'),
  });
  return (
    <FormModal
      title={t('webhooks.remove')}
      onClose={onClose}
      change={change}
      input={null}
      submit={t('common.remove')}
      isDangerous
    >
      <Text size="sm">{t('webhooks.removeHint')}</Text>
    </FormModal>
  );
}

interface ChangeEndpointProps extends WindowProps {
  readonly initial: { readonly url: string; readonly description: string | null };
}

function ChangeEndpoint({ endpointId, initial, onClose }: ChangeEndpointProps) {
  const { t } = useTranslation();
  const form = useForm({ initialValues: { url: initial.url, description: initial.description ?? '' } });
  const change = useChange({
    send: (body: typeof form.values, key) => {
      const params = { path: { endpointId }, header: { 'Idempotency-Key': key } };
      return must(api.PATCH('/api/v1/webhook-endpoints/{endpointId}', { params, body }));
    },
    done: () => t('administration.saved'),
    onDone: onClose,
  });
  return (
    <FormModal
      title={t('administration.change')}
      onClose={onClose}
      change={change}
      input={form.values}
      submit={t('common.save')}
    >
      <TextInput label={t('webhooks.url')} type="url" required {...form.getInputProps('url')} />
      <TextInput label={t('webhooks.description')} {...form.getInputProps('description')} />
    </FormModal>
  );
}
