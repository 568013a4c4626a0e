import { Alert, Anchor, Stack, Text } from '@mantine/core';
import { skipToken, useQueries, useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { isNotFound } from '../api/client.js';
import { groupQuery } from '../groups/group-query.js';

/** The page of a group while the group is there. Somebody else can remove it, or the access to it: then this says so. */
export function StillThere({ children }: { readonly children: ReactNode }) {
  const { projectId = '', groupId = '' } = useParams({ strict: false });
  const query = groupQuery(projectId, groupId);
  const { data: group, error } = useQuery({ ...query, ...(groupId === '' && { queryFn: skipToken }) });
  if (group === undefined || !isNotFound(error)) return children;
  return <Gone projectId={projectId} group={group} />;
}

interface GoneProps {
  readonly projectId: string;
  readonly group: { readonly groupId: string; readonly name: string; readonly path: readonly { groupId: string }[] };
}

/** The way to the nearest group above that is still there. */
function Gone({ projectId, group: { groupId, name, path } }: GoneProps) {
  const { t } = useTranslation();
  const above = path.filter((each) => each.groupId !== groupId);
  const found = useQueries({ queries: above.map((each) => groupQuery(projectId, each.groupId)) });
  const nearest = found.findLast(({ data, error }) => data !== undefined && error === null)?.data;
  return (
    <Alert color="orange" role="alert">
      <Stack align="start" gap="xs">
        <Text size="sm">{t('common.groupGone', { name })}</Text>
        {nearest === undefined ? (
          <Anchor component={Link} to="/" size="sm">
            {t('common.home')}
          </Anchor>
        ) : (
          <Anchor component={Link} to={`/projects/${projectId}/groups/${nearest.groupId}`} size="sm">
            {t('common.openGroup', { name: nearest.name })}
          </Anchor>
        )}
      </Stack>
    </Alert>
  );
}
