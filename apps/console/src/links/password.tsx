import { Anchor, Button, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { must } from '../api/client.js';
import { Done, LinkFailure, LinkPage } from './link-page.js';
import { NewPassword } from './new-password.js';
import { publicApi } from './public-api.js';
import { forgetLinkSecret, linkSecret } from './secret.js';

/** Sets a password by the link of a mail; without one, sends such a mail. */
export function Password() {
  const { t } = useTranslation();
  const [secret, setSecret] = useState(linkSecret);
  const askAgain = () => {
    forgetLinkSecret();
    setSecret(null);
  };
  return (
    <LinkPage title={t('links.password')}>
      {secret === null ? <AskForLink /> : <Choose secret={secret} onAskAgain={askAgain} />}
    </LinkPage>
  );
}

function AskForLink() {
  const { t } = useTranslation();
  const [email, setEmail] = useState('');
  const ask = useMutation({
    mutationFn: () => must(publicApi.POST('/api/v1/auth/password-resets', { body: { email } })),
  });
  if (ask.isSuccess) return <Done>{t('links.sent')}</Done>;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    ask.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm">{t('links.ask')}</Text>
        <LinkFailure error={ask.error} ended={null} />
        <TextInput
          label={t('common.email')}
          type="email"
          autoComplete="email"
          required
          value={email}
          onChange={({ currentTarget }) => setEmail(currentTarget.value)}
        />
        <Button type="submit" loading={ask.isPending}>
          {t('links.send')}
        </Button>
      </Stack>
    </form>
  );
}

function Choose({ secret, onAskAgain }: { readonly secret: string; readonly onAskAgain: () => void }) {
  const { t } = useTranslation();
  const [password, setPassword] = useState('');
  const choose = useMutation({
    mutationFn: () =>
      must(publicApi.POST('/api/v1/auth/password-resets/confirm', { body: { token: secret, password } })),
    onSuccess: forgetLinkSecret,
  });
  if (choose.isSuccess) return <Done>{t('links.passwordSaved')}</Done>;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    choose.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm">{t('links.choose')}</Text>
        <LinkFailure
          error={choose.error}
          ended={
            <Anchor component="button" type="button" size="sm" onClick={onAskAgain}>
              {t('links.newLink')}
            </Anchor>
          }
        />
        <NewPassword value={password} onChange={setPassword} error={choose.error} />
        <Button type="submit" loading={choose.isPending}>
          {t('links.savePassword')}
        </Button>
      </Stack>
    </form>
  );
}
