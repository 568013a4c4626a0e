import { Alert, Anchor, Button, Stack, Text } from '@mantine/core';
import { useQueryErrorResetBoundary } from '@tanstack/react-query';
import { Link, useRouter } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Refused } from '../api/client.js';
import { isMissingFile } from './missing-file.js';
import { ProblemText } from './problem-text.js';

interface FailureProps {
  readonly error: unknown;
  readonly reset?: () => void;
  readonly children?: ReactNode;
}

/** Asking again gives the same answer. */
const isFinal = (error: unknown): boolean =>
  error instanceof Refused && ['FORBIDDEN', 'NOT_FOUND'].includes(error.problem.code);

/** What a part of a page shows in place of what could not be loaded. */
export function Failure({ error, reset, children }: FailureProps) {
  const { t } = useTranslation();
  const router = useRouter();
  const queries = useQueryErrorResetBoundary();
  const retry = () => {
    queries.reset();
    reset?.();
    void router.invalidate();
  };
  const isMissing = isMissingFile(error);
  return (
    <Alert color={isFinal(error) ? 'gray' : 'red'} role="alert" m="md">
      <Stack align="start">
        {isMissing ? <Text size="sm">{t('common.missingFile')}</Text> : <ProblemText error={error} />}
        {!isFinal(error) && (
          <Button variant="default" size="xs" onClick={isMissing ? () => window.location.reload() : retry}>
            {t(isMissing ? 'common.reload' : 'common.retry')}
          </Button>
        )}
        {children}
      </Stack>
    </Alert>
  );
}

/** The same in place of a whole page, with the way to another. */
export function PageFailure(props: FailureProps) {
  const { t } = useTranslation();
  return (
    <Failure {...props}>
      <Anchor component={Link} to="/" size="sm">
        {t('common.home')}
      </Anchor>
    </Failure>
  );
}
