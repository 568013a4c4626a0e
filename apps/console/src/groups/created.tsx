import { Alert, Group, Loader, Text } from '@mantine/core';
import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, must, Refused } from '../api/client.js';

/** What was generated below a group. */
interface Creation {
  readonly count: number;
  /** The revision of the tree that has it, as an ETag. */
  readonly etag: string;
}

const ASK_AGAIN_MS = 1_000;
const keyOf = (projectId: string, parentId: string) => ['created', projectId, parentId];

/** Remembers what was generated, for the page of the group above it. */
export const rememberCreated = (queries: QueryClient, projectId: string, parentId: string, created: Creation): void =>
  void queries.setQueryData<Creation>(keyOf(projectId, parentId), created);

/** The groups that were generated below a group since the console was opened; `null`: none, or the notice was closed. */
export const useCreated = (projectId: string, parentId: string): Creation | null =>
  useQuery<Creation | null>({
    queryKey: keyOf(projectId, parentId),
    queryFn: () => null,
    enabled: false,
    // Asking again would forget it.
    staleTime: Number.POSITIVE_INFINITY,
  }).data ?? null;

interface CreatedNoticeProps {
  readonly projectId: string;
  readonly parentId: string;
  readonly created: Creation;
}

/** How many groups were generated, and whether all of them are in the tree already, which follows what is recorded. */
export function CreatedNotice({ projectId, parentId, created: { count, etag } }: CreatedNoticeProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const { data, error } = useQuery({
    queryKey: ['created in tree', projectId, parentId, etag],
    queryFn: async () => {
      const query = { parentId, limit: 1, atLeast: `groups:${etag}` };
      const { total } = await must(api.GET('/api/v1/projects/{p}/tree', { params: { path: { p: projectId }, query } }));
      // The rows that were read before are not all.
      for (const key of ['tree-page', 'tree']) void queries.invalidateQueries({ queryKey: [key, projectId] });
      return total;
    },
    retry: (_failures, refusal) => refusal instanceof Refused && refusal.problem.code === 'UNAVAILABLE',
    retryDelay: ASK_AGAIN_MS,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const isIn = data !== undefined;
  return (
    <Alert
      color="teal"
      title={t('generate.done', { count })}
      withCloseButton
      closeButtonLabel={t('common.close')}
      onClose={() => queries.setQueryData(keyOf(projectId, parentId), null)}
    >
      <Group gap="xs" role="status" wrap="nowrap">
        {!isIn && error === null && <Loader size="xs" color="teal" />}
        <Text size="sm">{t(isIn ? 'generate.shown' : 'generate.appearing')}</Text>
      </Group>
    </Alert>
  );
}
