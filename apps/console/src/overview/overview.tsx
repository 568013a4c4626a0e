import { Anchor, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useHolds } from '../api/access.js';
import { api, must, type ItemOf } from '../api/client.js';
import { dateText } from '../parts/dates.js';
import { unitsText } from '../parts/limit-text.js';
import { Rows, usePages } from '../parts/rows.js';
import { System } from './system.js';
import { Waiting } from './waiting.js';

type End = ItemOf<'/api/v1/expiries'>;

const DAYS = 90;

/** The same for an hour, so that all rows are those of one list. */
function endOfSight(): string {
  const hours = Math.ceil(Date.now() / 3_600_000) + DAYS * 24;
  return new Date(hours * 3_600_000).toISOString();
}

/** The first page: what waits for a decision, and upcoming ends, wherever the person has access. */
export function Overview() {
  const { t } = useTranslation();
  const decidesOnPartners = useHolds('partners:manage');
  const before = endOfSight();
  const { rows, more } = usePages(['ends', before], (page) =>
    must(api.GET('/api/v1/expiries', { params: { query: { ...page, before } } })),
  );
  return (
    <Stack>
      <Title order={1} size="h2">
        {t('overview.title')}
      </Title>
      {decidesOnPartners && <Waiting />}
      <Title order={2} size="h4">
        {t('overview.ends')}
      </Title>
      <Ends ends={rows} more={more} />
      <System />
    </Stack>
  );
}

function Ends({ ends, more }: { readonly ends: readonly End[]; readonly more: ReactNode }) {
  const { t, i18n } = useTranslation();
  const inDays = (days: number) => (days === 0 ? t('overview.today') : t('overview.inDays', { count: days }));
  return (
    <Rows
      label={t('overview.ends')}
      rows={ends}
      keyOf={({ what, groupId, id }) => `${what} ${groupId} ${id}`}
      empty={t('overview.endsEmpty')}
      more={more}
      columns={[
        {
          title: t('overview.end'),
          cell: ({ lastDay, daysLeft, timeZone }) => (
            <>
              {dateText(lastDay, i18n.language)}
              <Text size="xs" c="dimmed">
                {inDays(daysLeft)} · {timeZone}
              </Text>
            </>
          ),
        },
        {
          title: t('overview.project'),
          cell: ({ projectId, projectName }) => (
            <Anchor component={Link} to={`/projects/${projectId}`} size="sm">
              {projectName}
            </Anchor>
          ),
        },
        {
          title: t('overview.group'),
          cell: ({ projectId, groupId, groupName }) => (
            <Anchor component={Link} to={`/projects/${projectId}/groups/${groupId}`} size="sm">
              {groupName}
            </Anchor>
          ),
        },
        {
          title: t('overview.what'),
          cell: ({ what, units }) => `${t(`overview.kinds.${what}`)}: ${unitsText(units, t)}`,
        },
        { title: t('overview.remaining'), cell: ({ remaining }) => unitsText(remaining, t) },
      ]}
    />
  );
}
