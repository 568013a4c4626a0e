import { Anchor, Button, Group, Paper, Select, Skeleton, Stack, Text, Title } from '@mantine/core';
import { keepPreviousData, useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { groupQuery } from '../groups/group-query.js';
import { instantText, wallOf } from '../parts/dates.js';
import { DayInput } from '../parts/day-input.js';
import { Failure } from '../parts/failure.js';
import { countedText, RESOURCES } from '../parts/limit-text.js';
import { PageHead } from '../parts/page-head.js';
import { Rows, type Column } from '../parts/rows.js';
import { csvOf, saveFile } from '../parts/save-file.js';
import { projectQuery } from '../projects/project-query.js';
import type { UsageSearch } from '../address.js';
import { usageQuery, WINDOWS, type Asked, type Measures, type Usage as Answer } from './usage-query.js';

const UsageChart = lazy(() => import('./usage-chart.js'));

const FROM = '/inside/projects/$projectId/groups/$groupId/usage';
/** Groups below that are shown; the others are counted. */
const SHOWN = 100;

/** How much a group and everything below it used: peaks by day, as a sentence, a picture and a table. */
export function Usage() {
  const { t } = useTranslation();
  const { projectId, groupId } = useParams({ from: FROM });
  const { resource = 'sip_number', window = 'P1D', from, to } = useSearch({ from: FROM });
  const { data: project } = useSuspenseQuery(projectQuery(projectId));
  const { data: group } = useSuspenseQuery(groupQuery(projectId, groupId));
  const asked: Asked = { projectId, groupId, timeZone: project.timeZone, resource, window, from, to };
  const { data, error, isFetching } = useQuery({ ...usageQuery(asked), placeholderData: keepPreviousData });
  return (
    <Stack>
      <PageHead
        above={[
          { to: `/projects/${projectId}`, name: project.name },
          ...group.path.map((each) => ({
            to: `/projects/${projectId}/groups/${each.groupId}`,
            name: each.groupId === projectId ? t('projects.objectGroups') : each.name,
          })),
        ]}
        title={t('usage.title', { name: group.name })}
        subtitle={t('common.timeZone', { zone: project.timeZone })}
      />
      <Choice asked={asked} firstDay={data?.firstDay} lastDay={data?.lastDay} />
      {error !== null && <Failure error={error} />}
      {error === null && data === undefined && <Skeleton height={280} role="status" aria-label={t('common.loading')} />}
      {error === null && data !== undefined && (
        <Stack aria-busy={isFetching}>
          <Series usage={data.usage} asked={asked} />
          <Below asked={asked}>{data.children}</Below>
        </Stack>
      )}
    </Stack>
  );
}

interface ChoiceProps {
  readonly asked: Asked;
  readonly firstDay: string | undefined;
  readonly lastDay: string | undefined;
}

function Choice({ asked, firstDay, lastDay }: ChoiceProps) {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: '/projects/$projectId/groups/$groupId/usage' });
  const choose = (change: UsageSearch) => void navigate({ search: (before) => ({ ...before, ...change }) });
  return (
    <Group align="end">
      <Select
        label={t('use.resource')}
        data={RESOURCES.map((resource) => ({ value: resource, label: t(`resources.${resource}`) }))}
        value={asked.resource}
        allowDeselect={false}
        onChange={(resource) => choose({ resource: resource as Asked['resource'] })}
      />
      <DayInput
        label={t('usage.firstDay')}
        value={firstDay ?? null}
        clearable={false}
        onChange={(from) => choose({ from: from ?? undefined, to: lastDay })}
      />
      <DayInput
        label={t('usage.lastDay')}
        value={lastDay ?? null}
        clearable={false}
        onChange={(to) => choose({ from: firstDay, to: to ?? undefined })}
      />
      <Select
        label={t('usage.by')}
        data={WINDOWS.map((window) => ({ value: window, label: t(`usage.windows.${window}`) }))}
        value={asked.window}
        allowDeselect={false}
        onChange={(window) => choose({ window: window as Asked['window'] })}
        maw={140}
      />
    </Group>
  );
}

const COLUMNS = ['from', 'until', 'open', 'close', 'peak', 'peakAt', 'low', 'average', 'unitMs'] as const;

function Series({ usage, asked }: { readonly usage: Answer; readonly asked: Asked }) {
  const { t, i18n } = useTranslation();
  const { total, windows } = usage;
  const { timeZone, resource, groupId } = asked;
  const numberColumns = useNumberColumns(timeZone);
  const number = new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 2 });
  const sentence = t('usage.sentence', {
    peak: number.format(total.peak),
    count: total.peak,
    resource: countedText(resource, total.peak, t),
    at: total.peakAt === null ? '' : instantText(total.peakAt, timeZone, i18n.language),
    average: number.format(Number(total.average)),
    close: number.format(total.close),
  });
  const save = () =>
    saveFile(
      csvOf(
        COLUMNS,
        windows.map((each) => COLUMNS.map((column) => each[column] ?? '')),
      ),
      `usage-${groupId}-${resource}-${total.from.slice(0, 10)}-${total.until.slice(0, 10)}.csv`,
    );
  if (total.peak === 0) return <Text c="dimmed">{t('usage.empty')}</Text>;
  return (
    <>
      <Text role="status">{sentence}</Text>
      {!usage.final && (
        <Text size="sm" c="dimmed">
          {t('usage.notFinal')}
        </Text>
      )}
      <Paper withBorder p="sm">
        <Suspense fallback={<Skeleton height={280} />}>
          <UsageChart windows={windows} timeZone={timeZone} label={sentence} />
        </Suspense>
      </Paper>
      <Group justify="space-between">
        <Title order={2} size="h4">
          {t('usage.table')}
        </Title>
        <Button variant="default" onClick={save}>
          {t('usage.csv')}
        </Button>
      </Group>
      <Rows
        label={t('usage.table')}
        rows={windows}
        keyOf={({ from }) => from}
        minWidth={560}
        maxHeight={480}
        isCompared
        columns={[
          {
            title: t('usage.beginning'),
            isHead: true,
            cell: ({ from }) => <span className="day">{wallOf(from, timeZone).replace(/ 00:00$/, '')}</span>,
          },
          ...numberColumns,
        ]}
      />
    </>
  );
}

/** Peak, low, average and end of use. */
function useNumberColumns(timeZone: string): readonly Column<Measures>[] {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 2 });
  return [
    { title: t('usage.peak'), numbers: true, cell: ({ peak }) => number.format(peak) },
    {
      title: t('usage.peakAt'),
      cell: ({ peak, peakAt }) => (peakAt === null || peak === 0 ? '–' : instantText(peakAt, timeZone, i18n.language)),
    },
    { title: t('usage.low'), numbers: true, cell: ({ low }) => number.format(low) },
    { title: t('usage.average'), numbers: true, cell: ({ average }) => number.format(Number(average)) },
    { title: t('usage.close'), numbers: true, cell: ({ close }) => number.format(close) },
  ];
}

interface BelowProps {
  readonly asked: Asked;
  readonly children: NonNullable<Answer['children']>;
}

/** What each group directly below used, those with the highest peak first; each leads to its own page. */
function Below({ asked, children }: BelowProps) {
  const { t } = useTranslation();
  const search = useSearch({ from: FROM });
  const numberColumns = useNumberColumns(asked.timeZone);
  if (children.length === 0) return null;
  const highestFirst = children.toSorted((one, other) => other.total.peak - one.total.peak);
  return (
    <>
      <Title order={2} size="h4">
        {t('usage.below')}
      </Title>
      <Rows
        label={t('usage.below')}
        rows={highestFirst.slice(0, SHOWN).map(({ groupId, name, total }) => ({ ...total, groupId, name }))}
        keyOf={({ groupId }) => groupId}
        minWidth={560}
        isCompared
        columns={[
          {
            title: t('overview.group'),
            isHead: true,
            cell: ({ groupId, name }) => (
              <Anchor
                size="sm"
                renderRoot={(props) => (
                  <Link
                    {...props}
                    to="/projects/$projectId/groups/$groupId/usage"
                    params={{ projectId: asked.projectId, groupId }}
                    search={search}
                  />
                )}
              >
                {name}
              </Anchor>
            ),
          },
          ...numberColumns,
        ]}
      />
      {children.length > SHOWN && (
        <Text size="sm" c="dimmed">
          {t('usage.others', { count: children.length - SHOWN })}
        </Text>
      )}
    </>
  );
}
