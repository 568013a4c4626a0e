import { Anchor, Badge, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client.js';
import { useHolds, useMe } from '../api/access.js';
import { ProblemText } from '../parts/problem-text.js';

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
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">
        {t('system.projections')}
      </Title>
      <Table.ScrollContainer minWidth={420}>
        <Table aria-label={t('system.projections')}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('system.service')}</Table.Th>
              <Table.Th>{t('system.projections')}</Table.Th>
              <Table.Th>{t('system.behind')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {SERVICES.map((path) => (
              <ProjectionsOf key={path} path={path} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Text size="sm" c="dimmed">
        {t('system.deadLetters')}
      </Text>
    </Stack>
  );
}

function ProjectionsOf({ path }: { readonly path: (typeof SERVICES)[number] }) {
  const { t } = useTranslation();
  const service = path.split('/')[3];
  const { data, error } = useQuery({
    queryKey: ['projections', path],
    queryFn: () => must(api.GET(path)),
    refetchInterval: ASK_AGAIN_MS,
  });
  if (error !== null)
    return (
      <Table.Tr>
        <Table.Td>{service}</Table.Td>
        <Table.Td colSpan={2}>
          <ProblemText error={error} />
        </Table.Td>
      </Table.Tr>
    );
  if (data === undefined) return null;
  const late = data.items.filter(({ behind }) => behind > 0);
  return (
    <Table.Tr>
      <Table.Td>{service}</Table.Td>
      <Table.Td>{data.items.length}</Table.Td>
      <Table.Td>
        {late.length === 0 ? (
          <Badge variant="light" tt="none">
            {t('system.upToDate')}
          </Badge>
        ) : (
          late.map(({ name, behind }) => (
            <Text key={name} size="sm">
              {name}: {t('system.events', { count: behind })}
            </Text>
          ))
        )}
      </Table.Td>
    </Table.Tr>
  );
}
