import { Alert, Button, Code, Group, Spoiler, Stack, Table, Text } from '@mantine/core';
import { useSuspenseInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api, must, type ItemOf } from '../api/client.js';
import { instantText } from '../parts/dates.js';
import type { PanelProps } from './object-groups.js';

/** Who did what to the licenses of the group, with what was before and after. */
export function HistoryPanel({ projectId, groupId, timeZone }: PanelProps) {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: '/projects/$projectId/groups/$groupId' });
  const { events } = useSearch({ from: '/inside/projects/$projectId/groups/$groupId' });
  const { data, hasNextPage, fetchNextPage } = useSuspenseInfiniteQuery({
    queryKey: ['history', projectId, groupId, events],
    queryFn: ({ pageParam }) => {
      const which = events === undefined ? { groupId } : { filter: eventsFilter(events) };
      const query = { ...which, limit: 50, ...(pageParam !== '' && { cursor: pageParam }) };
      return must(api.GET('/api/v1/projects/{p}/history', { params: { path: { p: projectId }, query } }));
    },
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
  const items = data.pages.flatMap((page) => page.items);
  return (
    <Stack>
      {events !== undefined && (
        <Alert color="blue">
          <Group justify="space-between">
            <Text size="sm">{t('history.onlyThese')}</Text>
            <Button
              size="compact-sm"
              variant="default"
              onClick={() => void navigate({ search: ({ events: _events, ...others }) => others })}
            >
              {t('history.showAll')}
            </Button>
          </Group>
        </Alert>
      )}
      {items.length === 0 ? (
        <Text c="dimmed">{t('history.empty')}</Text>
      ) : (
        <Entries items={items} timeZone={timeZone} />
      )}
      {hasNextPage && (
        <Button variant="default" onClick={() => void fetchNextPage()}>
          {t('common.more')}
        </Button>
      )}
    </Stack>
  );
}

/** The condition on these events, wherever in the project they happened. */
const eventsFilter = (events: string): string =>
  events
    .split(',')
    .map((id) => `eventId = "${id}"`)
    .join(' OR ');

interface EntriesProps {
  readonly items: readonly ItemOf<'/api/v1/projects/{p}/history'>[];
  readonly timeZone: string;
}

function Entries({ items, timeZone }: EntriesProps) {
  const { t, i18n } = useTranslation();
  const navigate = useNavigate({ from: '/projects/$projectId/groups/$groupId' });
  return (
    <Table.ScrollContainer minWidth={520}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('history.when')}</Table.Th>
            <Table.Th>{t('history.who')}</Table.Th>
            <Table.Th>{t('history.what')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map(({ eventId, at, actor, what, details, before, after }) => (
            <Table.Tr key={eventId}>
              <Table.Td>
                <Button
                  variant="subtle"
                  size="compact-xs"
                  onClick={() => void navigate({ search: (search) => ({ ...search, at }) })}
                >
                  {instantText(at, timeZone, i18n.language)}
                </Button>
              </Table.Td>
              <Table.Td>{actor}</Table.Td>
              <Table.Td>
                {what}
                <Spoiler maxHeight={0} showLabel="…" hideLabel="–">
                  <Code block>{JSON.stringify({ details, before, after }, null, 2)}</Code>
                </Spoiler>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
