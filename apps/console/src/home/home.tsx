import { Alert, Button, Loader, Stack, Text } from '@mantine/core';
import { useSuspenseQuery } from '@tanstack/react-query';
import { Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMe } from '../api/access.js';
import { isNotFound } from '../api/client.js';
import { groupQuery } from '../groups/group-query.js';
import { PageTitle } from '../parts/page-title.js';
import { projectQuery } from '../projects/project-query.js';
import { GroupsBelow } from './groups-below.js';
import { OwnUnits } from './own-units.js';
import { QuotaNow } from './quota-now.js';

interface Home {
  readonly projectId: string;
  readonly groupId: string;
}

/** The console of a concierge or a resident: their groups and what is theirs, and nothing else. */
export function SmallHome() {
  const { t } = useTranslation();
  const { memberships } = useMe();
  const homes = memberships.flatMap(({ projectId, groupId }) =>
    projectId === null || groupId === null ? [] : [{ projectId, groupId }],
  );
  if (homes.length === 0) return <Text c="dimmed">{t('home.nothing')}</Text>;
  return (
    <Stack gap="xl" maw={640} mx="auto">
      {homes.map((home) => (
        <Suspense key={home.groupId} fallback={<Loader aria-label={t('common.loading')} />}>
          <Place home={home} />
        </Suspense>
      ))}
    </Stack>
  );
}

function Place({ home }: { readonly home: Home }) {
  const { t } = useTranslation();
  const { permissions } = useMe();
  const { projectId } = home;
  const [groupId, setGroupId] = useState(home.groupId);
  const { data: project } = useSuspenseQuery(projectQuery(projectId));
  const { data: group, error } = useSuspenseQuery(groupQuery(projectId, groupId));
  const above = group.path.filter((each) => each.groupId !== groupId).map(({ name }) => name);
  const seesOwn = permissions.includes('assignments:read-own');
  return (
    <Stack>
      {groupId !== home.groupId && (
        <Button
          variant="subtle"
          size="compact-sm"
          style={{ alignSelf: 'start' }}
          onClick={() => setGroupId(group.parentId ?? home.groupId)}
        >
          {t('home.back')}
        </Button>
      )}
      {isNotFound(error) && (
        <Alert color="orange" role="alert">
          {t('common.groupGone', { name: group.name })}
        </Alert>
      )}
      <PageTitle title={group.name} about={above.length === 0 ? project.name : above.join(' / ')} />
      {seesOwn && <OwnUnits projectId={projectId} groupId={groupId} timeZone={project.timeZone} />}
      <QuotaNow projectId={projectId} groupId={groupId} />
      {!seesOwn && <GroupsBelow projectId={projectId} groupId={groupId} onOpen={setGroupId} />}
    </Stack>
  );
}
