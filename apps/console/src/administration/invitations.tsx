import { Badge, Group, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { api, must, type ItemOf } from '../api/client.js';
import { useMe } from '../api/access.js';
import { dayText, zoneOf } from '../parts/dates.js';
import { RowButton } from '../parts/row-button.js';
import { Rows, usePages } from '../parts/rows.js';
import { useChange } from '../parts/use-change.js';
import { roleNameOf } from './role-name.js';

interface InvitationsProps {
  readonly projectId: string;
  readonly roles: readonly ItemOf<'/api/v1/roles'>[];
  readonly canManage: boolean;
}

const COLORS = { open: 'blue', accepted: 'teal', revoked: 'gray', expired: 'gray' } as const;

/** Who is invited to a project. */
export function Invitations({ projectId, roles, canManage }: InvitationsProps) {
  const { t, i18n } = useTranslation();
  const zone = zoneOf(useMe());
  const group = { p: projectId, g: projectId };
  const { rows, more } = usePages(['invitations', projectId], (query) =>
    must(api.GET('/api/v1/projects/{p}/groups/{g}/invitations', { params: { path: group, query } })),
  );
  const resend = useChange({
    send: (invitationId: string, key) => {
      const params = { path: { ...group, invitationId }, header: { 'Idempotency-Key': key } };
      return must(api.POST('/api/v1/projects/{p}/groups/{g}/invitations/{invitationId}/resend', { params }));
    },
    done: () => t('people.resent'),
    saysRefusal: true,
  });
  const revoke = useChange({
    send: (invitationId: string, key) => {
      const params = { path: { ...group, invitationId }, header: { 'Idempotency-Key': key } };
      return must(api.DELETE('/api/v1/projects/{p}/groups/{g}/invitations/{invitationId}', { params }));
    },
    done: () => t('people.invitationRevoked'),
    saysRefusal: true,
  });
  return (
    <Stack>
      <Title order={2} size="h4">
        {t('people.invitations')}
      </Title>
      <Rows
        label={t('people.invitations')}
        rows={rows}
        keyOf={({ invitationId }) => invitationId}
        empty={t('people.noInvitations')}
        columns={[
          {
            title: t('common.name'),
            cell: ({ name, email }) => (
              <>
                {name}
                <Text size="xs" c="dimmed">
                  {email}
                </Text>
              </>
            ),
          },
          { title: t('common.role'), cell: ({ role }) => roleNameOf(role, roles, t) },
          {
            title: t('common.status'),
            cell: ({ status, expiresAt, acceptedAt }) => (
              <>
                <Badge variant="light" color={COLORS[status]} tt="none">
                  {t(`people.states.${status}`)}
                </Badge>
                <Text size="xs" c="dimmed">
                  {status === 'open'
                    ? t('apiKeys.until', { at: dayText(expiresAt, zone, i18n.language) })
                    : acceptedAt !== null && dayText(acceptedAt, zone, i18n.language)}
                </Text>
              </>
            ),
          },
          {
            title: '',
            cell: ({ invitationId, status, name }) =>
              canManage &&
              status === 'open' && (
                <Group gap="xs" justify="end" wrap="nowrap">
                  <RowButton of={name} loading={resend.isPending} onClick={() => resend.mutate(invitationId)}>
                    {t('people.resend')}
                  </RowButton>
                  <RowButton of={name} loading={revoke.isPending} onClick={() => revoke.mutate(invitationId)}>
                    {t('apiKeys.revoke')}
                  </RowButton>
                </Group>
              ),
          },
        ]}
      />
      {more}
    </Stack>
  );
}
