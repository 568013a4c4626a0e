import { Alert, Anchor, Center, Paper, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Refused } from '../api/client.js';
import { ProblemText } from '../parts/problem-text.js';

interface LinkPageProps {
  readonly title: string;
  readonly children: ReactNode;
}

/** The frame of a page for somebody who is not signed in. */
export function LinkPage({ title, children }: LinkPageProps) {
  const { t } = useTranslation();
  return (
    <Center component="main" mih="100vh" p="md">
      <Paper withBorder p={{ base: 'md', xs: 'xl' }} w="100%" maw={460}>
        <Stack>
          <div>
            <Text fw={700} c="dimmed" size="sm">
              Allotree
            </Text>
            <Title order={1} size="h2">
              {title}
            </Title>
          </div>
          {children}
          <Anchor component={Link} to="/sign-in" size="sm">
            {t('links.toSignIn')}
          </Anchor>
        </Stack>
      </Paper>
    </Center>
  );
}

/** Says that something is done; a screen reader goes on there. */
export const Done = ({ children }: { readonly children: ReactNode }) => (
  <Alert color="teal" role="status">
    {children}
  </Alert>
);

interface LinkFailureProps {
  readonly error: unknown;
  /** The next step where the link is used up. */
  readonly ended: ReactNode;
}

/** A refusal that is not about a field. */
export function LinkFailure({ error, ended }: LinkFailureProps) {
  if (error === null) return null;
  const isEnded = error instanceof Refused && error.problem.code === 'CODE_NOT_VALID';
  const isAboutFields =
    error instanceof Refused && (error.problem.errors ?? []).some(({ field }) => field === 'password');
  if (isAboutFields) return null;
  return (
    <Alert color="red" role="alert">
      <ProblemText error={error} />
      {isEnded && ended}
    </Alert>
  );
}
