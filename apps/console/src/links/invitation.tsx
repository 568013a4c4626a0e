import { Button, Loader, PasswordInput, Stack, Table, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { must } from '../api/client.js';
import { roleNameOf } from '../administration/role-name.js';
import { Done, LinkFailure, LinkPage } from './link-page.js';
import { NewPassword } from './new-password.js';
import { endOpened, publicApi } from './public-api.js';
import { forgetLinkSecret, linkSecret } from './secret.js';

/** Accepts an invitation, with a new password or that of the account. */
export function Invitation() {
  const { t } = useTranslation();
  const [secret] = useState(linkSecret);
  return (
    <LinkPage title={t('links.invitation')}>
      {secret === null ? <Text>{t('links.incomplete')}</Text> : <Accept secret={secret} />}
    </LinkPage>
  );
}

const preview = (token: string) => must(publicApi.POST('/api/v1/invitations/preview', { body: { token } }));
type Previewed = Awaited<ReturnType<typeof preview>>;

function Accept({ secret }: { readonly secret: string }) {
  const { t } = useTranslation();
  const { data, error } = useQuery({
    // The secret is no part of the key.
    queryKey: ['invitation of the link'],
    queryFn: () => preview(secret),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (error !== null) return <LinkFailure error={error} ended={<Text size="sm">{t('links.invitationEnded')}</Text>} />;
  if (data === undefined) return <Loader aria-label={t('common.loading')} />;
  return <AcceptForm secret={secret} invitation={data} />;
}

function AcceptForm({ secret, invitation }: { readonly secret: string; readonly invitation: Previewed }) {
  const { t, i18n } = useTranslation();
  const [name, setName] = useState(invitation.name);
  const [password, setPassword] = useState('');
  const isKnown = invitation.hasPassword;
  const accept = useMutation({
    mutationFn: async () => {
      const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
      const details = isKnown ? {} : { name, timeZone, language: i18n.language };
      const body = { token: secret, password, ...details };
      await endOpened(await must(publicApi.POST('/api/v1/invitations/accept', { body })));
    },
    onSuccess: forgetLinkSecret,
  });
  if (accept.isSuccess) return <Done>{t('links.accepted')}</Done>;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    accept.mutate();
  };
  const facts = [
    [t('links.project'), invitation.project],
    [t('links.group'), invitation.group],
    [t('common.role'), roleNameOf(invitation.role, [], t)],
    [t('common.email'), invitation.email],
  ] as const;
  return (
    <form onSubmit={submit}>
      <Stack>
        <Table withRowBorders={false} aria-label={t('links.invitation')}>
          <Table.Tbody>
            {facts.map(([label, value]) => (
              <Table.Tr key={label}>
                <Table.Th scope="row">{label}</Table.Th>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>{value}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        <Text size="sm">{isKnown ? t('links.knownAccount') : t('links.newAccount')}</Text>
        <LinkFailure error={accept.error} ended={<Text size="sm">{t('links.invitationEnded')}</Text>} />
        {isKnown ? (
          <PasswordInput
            label={t('signIn.password')}
            autoComplete="current-password"
            required
            value={password}
            onChange={({ currentTarget }) => setPassword(currentTarget.value)}
          />
        ) : (
          <>
            <TextInput
              label={t('links.yourName')}
              autoComplete="name"
              required
              value={name}
              onChange={({ currentTarget }) => setName(currentTarget.value)}
            />
            <NewPassword value={password} onChange={setPassword} error={accept.error} />
          </>
        )}
        <Button type="submit" loading={accept.isPending}>
          {t('links.accept')}
        </Button>
      </Stack>
    </form>
  );
}
