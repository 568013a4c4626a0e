import { Button, Select, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { must } from '../api/client.js';
import { Done, LinkFailure, LinkPage } from './link-page.js';
import { NewPassword } from './new-password.js';
import { endOpened, publicApi } from './public-api.js';
import { forgetLinkSecret, linkSecret } from './secret.js';

/** Confirms a registration by the link of a mail; without one, begins a registration. */
export function Registration() {
  const { t } = useTranslation();
  const [secret] = useState(linkSecret);
  return (
    <LinkPage title={secret === null ? t('links.register') : t('links.registration')}>
      {secret === null ? <Register /> : <Confirm secret={secret} />}
    </LinkPage>
  );
}

function Confirm({ secret }: { readonly secret: string }) {
  const { t } = useTranslation();
  const [password, setPassword] = useState('');
  const confirm = useMutation({
    mutationFn: async () => {
      const body = { token: secret, password };
      const confirmed = await must(publicApi.POST('/api/v1/registrations/confirm', { body }));
      await endOpened(confirmed);
      if (confirmed.session === null) return t('links.alreadyRegistered');
      return confirmed.joinRequestId === null ? t('links.registered') : t('links.waiting');
    },
    onSuccess: forgetLinkSecret,
  });
  if (confirm.isSuccess) return <Done>{confirm.data}</Done>;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    confirm.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm">{t('links.confirmHint')}</Text>
        <LinkFailure error={confirm.error} ended={<Text size="sm">{t('links.registrationEnded')}</Text>} />
        <NewPassword value={password} onChange={setPassword} error={confirm.error} />
        <Button type="submit" loading={confirm.isPending}>
          {t('links.confirm')}
        </Button>
      </Stack>
    </form>
  );
}

interface Registered {
  readonly kind: 'dealer' | 'management_company';
  readonly partnerName: string;
  readonly objectName: string;
  readonly name: string;
  readonly email: string;
  readonly joinCode: string;
}

function Register() {
  const { t, i18n } = useTranslation();
  const form = useForm<Registered>({
    initialValues: {
      kind: 'management_company',
      partnerName: '',
      objectName: '',
      name: '',
      email: '',
      joinCode: '',
    },
  });
  const register = useMutation({
    mutationFn: ({ joinCode, ...values }: Registered) => {
      const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
      const body = { ...values, timeZone, language: i18n.language, ...(joinCode !== '' && { joinCode }) };
      return must(publicApi.POST('/api/v1/registrations', { body }));
    },
  });
  if (register.isSuccess) return <Done>{t('links.registrationSent', { email: form.values.email })}</Done>;
  return (
    <form onSubmit={form.onSubmit((values) => register.mutate(values))}>
      <Stack>
        <Text size="sm">{t('links.registerHint')}</Text>
        {register.error !== null && <LinkFailure error={register.error} ended={null} />}
        <Select
          label={t('partners.kind')}
          data={(['management_company', 'dealer'] as const).map((value) => ({
            value,
            label: t(`partners.kinds.${value}`),
          }))}
          allowDeselect={false}
          {...form.getInputProps('kind')}
        />
        <TextInput label={t('links.partnerName')} required {...form.getInputProps('partnerName')} />
        <TextInput
          label={t('links.objectName')}
          description={t('links.objectHint')}
          required
          {...form.getInputProps('objectName')}
        />
        <TextInput label={t('links.yourName')} autoComplete="name" required {...form.getInputProps('name')} />
        <TextInput
          label={t('common.email')}
          type="email"
          autoComplete="email"
          required
          {...form.getInputProps('email')}
        />
        <TextInput
          label={t('links.joinCode')}
          description={t('links.joinHint')}
          autoComplete="off"
          {...form.getInputProps('joinCode')}
        />
        <Button type="submit" loading={register.isPending}>
          {t('links.register')}
        </Button>
      </Stack>
    </form>
  );
}
