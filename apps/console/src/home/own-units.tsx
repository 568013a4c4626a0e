import { Group, Paper, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { api, must, type ItemOf } from '../api/client.js';
import { dayText } from '../parts/dates.js';
import { usePages } from '../parts/rows.js';
import { StatusBadge } from '../parts/status-badge.js';

type Assignment = ItemOf<'/api/v1/projects/{p}/groups/{g}/assignments'>;

interface OwnUnitsProps {
  readonly projectId: string;
  readonly groupId: string;
  readonly timeZone: string;
}

/** The numbers of a person, each with its app, and what else is theirs. */
export function OwnUnits({ projectId, groupId, timeZone }: OwnUnitsProps) {
  const { t } = useTranslation();
  const path = { p: projectId, g: groupId };
  const { rows, more } = usePages(['own units', projectId, groupId], (query) =>
    must(api.GET('/api/v1/projects/{p}/groups/{g}/assignments', { params: { path, query } })),
  );
  const isApp = ({ sipAssignmentId }: Assignment): boolean =>
    sipAssignmentId !== null && rows.some(({ assignmentId }) => assignmentId === sipAssignmentId);
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">
        {t('home.own')}
      </Title>
      {rows.length === 0 && <Text c="dimmed">{t('home.ownEmpty')}</Text>}
      {rows
        .filter((row) => !isApp(row))
        .map((row) => (
          <Paper key={row.assignmentId} withBorder p="sm">
            <Unit unit={row} timeZone={timeZone} />
            {rows
              .filter(({ sipAssignmentId }) => sipAssignmentId === row.assignmentId)
              .map((app) => (
                <Unit key={app.assignmentId} unit={app} timeZone={timeZone} />
              ))}
          </Paper>
        ))}
      {more}
    </Stack>
  );
}

function Unit({ unit, timeZone }: { readonly unit: Assignment; readonly timeZone: string }) {
  const { t, i18n } = useTranslation();
  return (
    <Group justify="space-between" gap="xs" wrap="nowrap" py={4}>
      <div style={{ minWidth: 0 }}>
        <Text style={{ overflowWrap: 'anywhere' }}>{unit.label ?? t(`resources.${unit.resource}`)}</Text>
        <Text size="xs" c="dimmed">
          {t(`resources.${unit.resource}`)} ·{' '}
          {t('home.since', { at: dayText(unit.assignedAt, timeZone, i18n.language) })}
        </Text>
      </div>
      <StatusBadge status={unit.status} />
    </Group>
  );
}
