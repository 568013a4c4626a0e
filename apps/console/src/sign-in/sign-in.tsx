import {
  Alert,
  Anchor,
  Button,
  Center,
  Divider,
  Group,
  Loader,
  Paper,
  PasswordInput,
  Stack,
  TextInput,
  Title,
} from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useRouter, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Refused, type Problem } from '../api/client.js';
import { signInElsewhere, signInMethods } from '../api/open-id.js';
import { signIn } from '../api/session.js';
import { ProblemText } from '../parts/problem-text.js';

/** Signing in by password, with the OpenID provider, or whichever of them is offered. */
export function SignIn() {
  const { t } = useTranslation();
  const { to = '/', refused } = useSearch({ from: '/sign-in' });
  const { data: methods, error } = useQuery(signInMethods);
  return (
    <Center component="main" mih="100vh" p="md">
      <Paper withBorder p="xl" w="100%" maw={420}>
        <Stack>
          <Title order={1} size="h2">
            {t('signIn.title')}
          </Title>
          {refused !== undefined && (
            <Alert color="red" role="alert">
              {t('signIn.refused', { reference: refused })}
            </Alert>
          )}
          {error !== null && (
            <Alert color="red" role="alert">
              <ProblemText error={error} />
            </Alert>
          )}
          {methods === undefined && error === null && <Loader aria-label={t('common.loading')} />}
          {methods?.openId && <Elsewhere label={methods.openId.label} to={to} isOnly={!methods.password} />}
          {methods?.password && <WithPassword to={to} isSecond={methods.openId !== null} />}
        </Stack>
      </Paper>
    </Center>
  );
}

interface ElsewhereProps {
  readonly label: string;
  readonly to: string;
  readonly isOnly: boolean;
}

/** The button that leads to the OpenID provider. */
function Elsewhere({ label, to, isOnly }: ElsewhereProps) {
  const { t } = useTranslation();
  const leave = useMutation({ mutationFn: () => signInElsewhere(to) });
  return (
    <>
      {leave.error !== null && (
        <Alert color="red" role="alert">
          <ProblemText error={leave.error} />
        </Alert>
      )}
      <Button variant={isOnly ? 'filled' : 'default'} loading={leave.isPending} onClick={() => leave.mutate()}>
        {t('signIn.with', { label })}
      </Button>
    </>
  );
}

interface WithPasswordProps {
  readonly to: string;
  /** Below the button of the OpenID provider. */
  readonly isSecond: boolean;
}

function WithPassword({ to, isSecond }: WithPasswordProps) {
  const { t } = useTranslation();
  const router = useRouter();
  const queries = useQueryClient();
  const form = useForm({ initialValues: { email: '', password: '' } });
  const enter = useMutation({
    mutationFn: async ({ email, password }: { email: string; password: string }) => {
      const problem = await signIn(email, password);
      if (problem !== null) throw new Refused(problem as Problem);
      queries.clear();
      await router.invalidate();
      router.history.push(to);
    },
  });
  return (
    <form onSubmit={form.onSubmit((values) => enter.mutate(values))}>
      <Stack>
        {isSecond && <Divider label={t('signIn.or')} />}
        {enter.error !== null && (
          <Alert color="red" role="alert">
            <ProblemText error={enter.error} />
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
        <Button type="submit" loading={enter.isPending}>
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
  );
}
