import { Button, Code, Spoiler, Stack, Table, Text } from '@mantine/core';
import { useSuspenseInfiniteQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client.js';
import { instantText } from '../parts/dates.js';
import type { PanelProps } from './object-groups.js';

/** Who did what to the licenses of the group, with what was before and after. */
export function HistoryPanel({ projectId, groupId, timeZone }: PanelProps) {
  const { t, i18n } = useTranslation();
  const navigate = useNavigate({ from: '/projects/$projectId/groups/$groupId' });
  const { data, hasNextPage, fetchNextPage } = useSuspenseInfiniteQuery({
    queryKey: ['history', projectId, groupId],
    queryFn: ({ pageParam }) => {
      const query = { groupId, limit: 50, ...(pageParam !== '' && { cursor: pageParam }) };
      return must(api.GET('/api/v1/projects/{p}/history', { params: { path: { p: projectId }, query } }));
    },
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
  const items = data.pages.flatMap((page) => page.items);
  if (items.length === 0) return <Text c="dimmed">{t('history.empty')}</Text>;
  return (
    <Stack>
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
      {hasNextPage && (
        <Button variant="default" onClick={() => void fetchNextPage()}>
          {t('common.more')}
        </Button>
      )}
    </Stack>
  );
}
