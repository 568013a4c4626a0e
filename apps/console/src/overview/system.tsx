import { Anchor, Badge, Stack, Text, Title } from '@mantine/core';
import { useQueries, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client.js';
import { useHolds, useMe } from '../api/access.js';
import { ProblemText } from '../parts/problem-text.js';
import { Rows } from '../parts/rows.js';

const SERVICES = [
  '/api/v1/group-service/projections',
  '/api/v1/license-service/projections',
  '/api/v1/reporting-service/projections',
] as const;
const ASK_AGAIN_MS = 10_000;

/** Mails that failed, and for the server administrator how far the projections are. */
export function System() {
  const { serverAdministrator } = useMe();
  const seesMails = useHolds('mail:read');
  return (
    <>
      {seesMails && <FailedMails />}
      {serverAdministrator && <Projections />}
    </>
  );
}

function FailedMails() {
  const { t } = useTranslation();
  const { data } = useQuery({
    queryKey: ['failed mails'],
    queryFn: () => {
      const query = { filter: 'status = "failed" OR status = "dead"', limit: 200 };
      return must(api.GET('/api/v1/deliveries', { params: { query } }));
    },
  });
  if (data === undefined) return null;
  const count = data.items.length;
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">
        {t('system.mails')}
      </Title>
      <Text c={count === 0 ? 'dimmed' : 'bright'}>
        {count === 0 ? t('system.mailsFine') : t('system.mailsFailed', { count })}{' '}
        {count > 0 && (
          <Anchor component={Link} to="/deliveries" inherit>
            {t('system.toMails')}
          </Anchor>
        )}
      </Text>
    </Stack>
  );
}

function Projections() {
  const { t } = useTranslation();
  const answers = useQueries({
    queries: SERVICES.map((path) => ({
      queryKey: ['projections', path],
      queryFn: () => must(api.GET(path)),
      refetchInterval: ASK_AGAIN_MS,
    })),
  });
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">
        {t('system.projections')}
      </Title>
      <Rows
        label={t('system.projections')}
        rows={SERVICES.map((path, index) => ({ service: path.split('/')[3]!, ...answers[index]! }))}
        keyOf={({ service }) => service}
        minWidth={420}
        columns={[
          { title: t('system.service'), isHead: true, cell: ({ service }) => service },
          { title: t('system.projections'), cell: ({ data }) => data?.items.length },
          {
            title: t('system.behind'),
            cell: ({ data, error }) =>
              error === null ? data && <Progress projections={data.items} /> : <ProblemText error={error} />,
          },
        ]}
      />
      <Text size="sm" c="dimmed">
        {t('system.deadLetters')}
      </Text>
    </Stack>
  );
}

interface ProgressProps {
  readonly projections: readonly { readonly name: string; readonly behind: number }[];
}

/** Which projections are behind, and by how much. */
function Progress({ projections }: ProgressProps) {
  const { t } = useTranslation();
  const late = projections.filter(({ behind }) => behind > 0);
  if (late.length === 0)
    return (
      <Badge variant="light" tt="none">
        {t('system.upToDate')}
      </Badge>
    );
  return late.map(({ name, behind }) => (
    <Text key={name} size="sm">
      {name}: {t('system.events', { count: behind })}
    </Text>
  ));
}
