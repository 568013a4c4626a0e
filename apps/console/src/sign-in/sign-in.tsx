import { Alert, Anchor, Button, Center, Group, Paper, PasswordInput, Stack, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { Link, useRouter, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Refused, type Problem } from '../api/client.js';
import { signIn } from '../api/session.js';
import { ProblemText } from '../parts/problem-text.js';

export function SignIn() {
  const { t } = useTranslation();
  const { to } = useSearch({ from: '/sign-in' });
  const router = useRouter();
  const queries = useQueryClient();
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  const form = useForm({ initialValues: { email: '', password: '' } });

  async function submit({ email, password }: { email: string; password: string }): Promise<void> {
    setIsBusy(true);
    setError(null);
    try {
      const problem = await signIn(email, password);
      if (problem !== null) throw new Refused(problem as Problem);
      queries.clear();
      await router.invalidate();
      router.history.push(to ?? '/');
    } catch (failure) {
      setError(failure);
    } finally {
      setIsBusy(false);
    }
  }

  return (
    <Center component="main" mih="100vh" p="md">
      <Paper withBorder p="xl" w="100%" maw={420}>
        <form onSubmit={form.onSubmit((values) => void submit(values))}>
          <Stack>
            <Title order={1} size="h2">
              {t('signIn.title')}
            </Title>
            {error !== null && (
              <Alert color="red" role="alert">
                <ProblemText error={error} />
              </Alert>
            )}
            <TextInput
              label={t('common.email')}
              type="email"
              autoComplete="username"
              required
              {...form.getInputProps('email')}
            />
            <PasswordInput
              label={t('signIn.password')}
              autoComplete="current-password"
              required
              {...form.getInputProps('password')}
            />
            <Button type="submit" loading={isBusy}>
              {t('signIn.submit')}
            </Button>
            <Group justify="space-between">
              <Anchor component={Link} to="/password" size="sm">
                {t('signIn.forgotten')}
              </Anchor>
              <Anchor component={Link} to="/registrations" size="sm">
                {t('links.register')}
              </Anchor>
            </Group>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
