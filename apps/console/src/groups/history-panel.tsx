import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api, must } from '../api/client.js';
import { Actor } from '../parts/actor.js';
import { instantText } from '../parts/dates.js';
import { FactList } from '../parts/fact-list.js';
import { eventText } from '../parts/happened-words.js';
import { Rows, usePages } from '../parts/rows.js';
import { projectQuery } from '../projects/project-query.js';
import { groupQuery } from './group-query.js';
import type { PanelProps } from './object-groups.js';

/** Who did what to the licenses of the group, with what was before and after. */
export function HistoryPanel({ projectId, groupId, timeZone }: PanelProps) {
  const { t, i18n } = useTranslation();
  const navigate = useNavigate({ from: '/projects/$projectId/groups/$groupId' });
  const { events } = useSearch({ from: '/inside/projects/$projectId/groups/$groupId' });
  const { data: project } = useSuspenseQuery(projectQuery(projectId));
  const { rows, more } = usePages(['history', projectId, groupId, events], (page) => {
    const query = { ...page, ...(events === undefined ? { groupId } : { filter: eventsFilter(events) }) };
    return must(api.GET('/api/v1/projects/{p}/history', { params: { path: { p: projectId }, query } }));
  });
  const partnerIds = [...new Set([project.partnerId, project.tenantId])];
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
      <Text size="sm" c="dimmed">
        {t('common.timeZone', { zone: timeZone })}
      </Text>
      <Rows
        label={t('groups.tabs.history')}
        rows={rows.map((row, index) => ({ ...row, index }))}
        keyOf={({ eventId, index }) => `${eventId} ${index}`}
        empty={t('history.empty')}
        more={more}
        minWidth={520}
        columns={[
          {
            title: t('history.when'),
            cell: ({ at }) => (
              <Button
                variant="subtle"
                size="compact-xs"
                onClick={() => void navigate({ search: (search) => ({ ...search, at }) })}
              >
                {instantText(at, timeZone, i18n.language)}
              </Button>
            ),
          },
          { title: t('history.who'), cell: ({ actor }) => <Actor actor={actor} partnerIds={partnerIds} /> },
          {
            title: t('history.what'),
            cell: ({ what, at, details, before, after }) => (
              <>
                {eventText(what, t)}
                <FactList
                  before={before}
                  after={{ ...after, ...details }}
                  timeZone={timeZone}
                  of={`${eventText(what, t)}, ${instantText(at, timeZone, i18n.language)}`}
                  named={(name, id) =>
                    name === 'holder' || name === 'userId' ? (
                      <Actor
                        actor={`user:${id}`}
                        partnerIds={partnerIds}
                        {...(!isGenerated(id) && { otherwise: id })}
                      />
                    ) : (
                      <GroupName projectId={projectId} groupId={id} />
                    )
                  }
                />
              </>
            ),
          },
        ]}
      />
    </Stack>
  );
}

/** A group that an event names; those that are gone, or that the reader does not see, have no name. */
function GroupName({ projectId, groupId }: { readonly projectId: string; readonly groupId: string }) {
  const { t } = useTranslation();
  const { data, isPending } = useQuery(groupQuery(projectId, groupId));
  return isPending ? '…' : (data?.name ?? t('history.hiddenGroup'));
}

/** Ids of people are generated; others hold units under a name of their own. */
const isGenerated = (id: string): boolean => /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.test(id);

/** The condition on these events, wherever in the project they happened. */
const eventsFilter = (events: string): string =>
  events
    .split(',')
    .map((id) => `eventId = "${id}"`)
    .join(' OR ');
