import { Alert, Button, Stack, Text } from '@mantine/core';
import { useQueryErrorResetBoundary } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { isMissingFile } from './missing-file.js';
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
  const isMissing = isMissingFile(error);
  return (
    <Alert color="red" role="alert" m="md">
      <Stack align="start">
        {isMissing ? <Text size="sm">{t('common.missingFile')}</Text> : <ProblemText error={error} />}
        <Button variant="default" size="xs" onClick={isMissing ? () => window.location.reload() : retry}>
          {t(isMissing ? 'common.reload' : 'common.retry')}
        </Button>
      </Stack>
    </Alert>
  );
}
