import { Anchor, List, Stack, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client.js';

/** Of more distributors than this nothing is shown: one request for each would be too many. */
const MAX_DISTRIBUTORS = 10;

/** The distributors for which somebody waits to be let in, each with how many. */
export function Waiting() {
  const { t } = useTranslation();
  const { data = [] } = useQuery({ queryKey: ['waiting'], queryFn: waitingByDistributor });
  if (data.length === 0) return null;
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">
        {t('waiting.title')}
      </Title>
      <List size="sm">
        {data.map(({ partnerId, name, count }) => (
          <List.Item key={partnerId}>
            <Anchor component={Link} to={`/partners/${partnerId}`} hash="join-requests" inherit>
              {t('waiting.requests', { count, name })}
            </Anchor>
          </List.Item>
        ))}
      </List>
    </Stack>
  );
}

async function waitingByDistributor() {
  const filter = 'kind = "distributor" AND status = "open"';
  const { items, nextCursor } = await must(
    api.GET('/api/v1/partners', { params: { query: { filter, limit: MAX_DISTRIBUTORS } } }),
  );
  if (nextCursor !== null) return [];
  const counted = await Promise.all(
    items.map(async ({ partnerId, name }) => {
      // No more than 200 wait for one distributor.
      const params = { path: { partnerId }, query: { status: 'open', limit: 200 } } as const;
      const requests = await must(api.GET('/api/v1/partners/{partnerId}/join-requests', { params }));
      return { partnerId, name, count: requests.items.length };
    }),
  );
  return counted.filter(({ count }) => count > 0);
}
