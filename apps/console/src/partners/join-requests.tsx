import { Badge, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMe } from '../api/access.js';
import { api, must, type ItemOf } from '../api/client.js';
import { dayText, zoneOf } from '../parts/dates.js';
import { FormModal } from '../parts/form-modal.js';
import { RowButton } from '../parts/row-button.js';
import { Rows, usePages } from '../parts/rows.js';
import { useChange } from '../parts/use-change.js';

type JoinRequest = ItemOf<'/api/v1/partners/{partnerId}/join-requests'>;

interface Distributor {
  readonly partnerId: string;
  readonly name: string;
}

const COLORS = { open: 'blue', approved: 'teal', rejected: 'gray' } as const;

/** Who registered with the join code of a distributor, and is let in by it or not. */
export function JoinRequests({ distributor }: { readonly distributor: Distributor }) {
  const { t, i18n } = useTranslation();
  const zone = zoneOf(useMe());
  const [decision, setDecision] = useState<{ readonly request: JoinRequest; readonly isApproval: boolean } | null>(
    null,
  );
  const { rows, more } = usePages(['join requests', distributor.partnerId], (query) => {
    const params = { path: { partnerId: distributor.partnerId }, query };
    return must(api.GET('/api/v1/partners/{partnerId}/join-requests', { params }));
  });
  const close = () => setDecision(null);
  return (
    <Stack component="section" id="join-requests">
      <Title order={2} size="h4">
        {t('joining.title')}
      </Title>
      <Rows
        label={t('joining.title')}
        rows={rows}
        keyOf={({ joinRequestId }) => joinRequestId}
        empty={t('joining.empty')}
        columns={[
          {
            title: t('joining.partner'),
            cell: ({ partnerName, kind }) => <TwoLines first={partnerName} second={t(`partners.kinds.${kind}`)} />,
          },
          { title: t('joining.project'), cell: ({ projectName }) => projectName },
          {
            title: t('joining.administrator'),
            cell: ({ administrator: { name, email } }) => <TwoLines first={name} second={email} />,
          },
          {
            title: t('common.status'),
            cell: ({ status, requestedAt, decidedAt }) => (
              <>
                <Badge variant="light" color={COLORS[status]} tt="none" miw="max-content">
                  {t(`joining.statuses.${status}`)}
                </Badge>
                <Text size="xs" c="dimmed" className="day">
                  {dayText(decidedAt ?? requestedAt, zone, i18n.language)}
                </Text>
              </>
            ),
          },
          {
            title: '',
            cell: (request) =>
              request.status === 'open' && (
                <Group gap="xs" justify="end" wrap="nowrap">
                  <RowButton of={request.partnerName} onClick={() => setDecision({ request, isApproval: true })}>
                    {t('joining.approve')}
                  </RowButton>
                  <RowButton of={request.partnerName} onClick={() => setDecision({ request, isApproval: false })}>
                    {t('joining.reject')}
                  </RowButton>
                </Group>
              ),
          },
        ]}
      />
      {more}
      {decision?.isApproval === true && <Approve {...{ distributor, request: decision.request, onClose: close }} />}
      {decision?.isApproval === false && <Reject {...{ distributor, request: decision.request, onClose: close }} />}
    </Stack>
  );
}

function TwoLines({ first, second }: { readonly first: string; readonly second: string }) {
  return (
    <>
      {first}
      <Text size="xs" c="dimmed">
        {second}
      </Text>
    </>
  );
}

interface DecisionProps {
  readonly distributor: Distributor;
  readonly request: JoinRequest;
  readonly onClose: () => void;
}

const pathOf = ({ distributor: { partnerId }, request: { joinRequestId } }: DecisionProps) => ({
  partnerId,
  joinRequestId,
});

function Approve(props: DecisionProps) {
  const { t } = useTranslation();
  const { partnerName, projectName, administrator } = props.request;
  const change = useChange({
    send: (_none: null, key) => {
      const params = { path: pathOf(props), header: { 'Idempotency-Key': key } };
      return must(api.POST('/api/v1/partners/{partnerId}/join-requests/{joinRequestId}/approve', { params, body: {} }));
    },
    done: () => t('joining.approved', { name: partnerName }),
    onDone: props.onClose,
  });
  return (
    <FormModal
      title={`${t('joining.approve')}: ${partnerName}`}
      onClose={props.onClose}
      change={change}
      input={null}
      submit={t('joining.approve')}
    >
      <Text size="sm">
        {t('joining.approveWarning', {
          name: partnerName,
          distributor: props.distributor.name,
          project: projectName,
          administrator: administrator.name,
          email: administrator.email,
        })}
      </Text>
    </FormModal>
  );
}

function Reject(props: DecisionProps) {
  const { t } = useTranslation();
  const { partnerName, administrator } = props.request;
  const form = useForm({ initialValues: { reason: '' } });
  const change = useChange({
    send: (body: typeof form.values, key) => {
      const params = { path: pathOf(props), header: { 'Idempotency-Key': key } };
      return must(api.POST('/api/v1/partners/{partnerId}/join-requests/{joinRequestId}/reject', { params, body }));
    },
    done: () => t('joining.rejected', { name: partnerName }),
    onDone: props.onClose,
  });
  return (
    <FormModal
      title={`${t('joining.reject')}: ${partnerName}`}
      onClose={props.onClose}
      change={change}
      input={form.values}
      submit={t('joining.reject')}
      isDangerous
    >
      <Text size="sm">{t('joining.rejectWarning', { name: administrator.name })}</Text>
      <TextInput
        label={t('common.reason')}
        description={t('joining.reasonHint')}
        required
        data-autofocus
        {...form.getInputProps('reason')}
      />
    </FormModal>
  );
}
