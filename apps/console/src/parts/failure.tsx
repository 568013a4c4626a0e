import { Alert, Button, Stack } from '@mantine/core';
import { useQueryErrorResetBoundary } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { ProblemText } from './problem-text.js';

/** What a page shows in place of what could not be loaded. */
export function Failure({ error, reset }: { readonly error: unknown; readonly reset?: () => void }) {
  const { t } = useTranslation();
  const router = useRouter();
  const queries = useQueryErrorResetBoundary();
  const retry = () => {
    queries.reset();
    reset?.();
    void router.invalidate();
  };
  return (
    <Alert color="red" role="alert" m="md">
      <Stack align="start">
        <ProblemText error={error} />
        <Button variant="default" size="xs" onClick={retry}>
          {t('common.retry')}
        </Button>
      </Stack>
    </Alert>
  );
}
