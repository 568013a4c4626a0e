import { Anchor, Stack, Table, Text, Title } from '@mantine/core';
import { useSuspenseQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api, must, type ItemOf } from '../api/client.js';
import { dateText } from '../parts/dates.js';
import { unitsText } from '../parts/limit-text.js';
import { System } from './system.js';

type End = ItemOf<'/api/v1/expiries'>;

const DAYS = 90;

/** The first page: upcoming ends, wherever the person has access. */
export function Overview() {
  const { t } = useTranslation();
  const { data } = useSuspenseQuery({
    queryKey: ['ends'],
    queryFn: () => {
      const before = new Date(Date.now() + DAYS * 86_400_000).toISOString();
      return must(api.GET('/api/v1/expiries', { params: { query: { before, limit: 50 } } }));
    },
  });
  return (
    <Stack>
      <Title order={1} size="h2">
        {t('overview.title')}
      </Title>
      <Title order={2} size="h4">
        {t('overview.ends')}
      </Title>
      {data.items.length === 0 ? <Text c="dimmed">{t('overview.endsEmpty')}</Text> : <Ends ends={data.items} />}
      <System />
    </Stack>
  );
}

function Ends({ ends }: { readonly ends: readonly End[] }) {
  const { t, i18n } = useTranslation();
  const inDays = (days: number) => (days === 0 ? t('overview.today') : t('overview.inDays', { count: days }));
  return (
    <Table.ScrollContainer minWidth={640}>
      <Table highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('overview.end')}</Table.Th>
            <Table.Th>{t('overview.project')}</Table.Th>
            <Table.Th>{t('overview.group')}</Table.Th>
            <Table.Th>{t('overview.what')}</Table.Th>
            <Table.Th>{t('overview.remaining')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {ends.map((end) => (
            <Table.Tr key={`${end.what} ${end.groupId} ${end.id}`}>
              <Table.Td>
                {dateText(end.lastDay, i18n.language)}
                <Text size="xs" c="dimmed">
                  {inDays(end.daysLeft)} · {end.timeZone}
                </Text>
              </Table.Td>
              <Table.Td>
                <Anchor component={Link} to={`/projects/${end.projectId}`} size="sm">
                  {end.projectName}
                </Anchor>
              </Table.Td>
              <Table.Td>
                <Anchor component={Link} to={`/projects/${end.projectId}/groups/${end.groupId}`} size="sm">
                  {end.groupName}
                </Anchor>
              </Table.Td>
              <Table.Td>
                {t(`overview.kinds.${end.what}`)}: {unitsText(end.units, t)}
              </Table.Td>
              <Table.Td>{unitsText(end.remaining, t)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
