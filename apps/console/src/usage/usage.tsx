import { Anchor, Button, Group, Paper, Select, Skeleton, Stack, Table, Text, Title } from '@mantine/core';
import { keepPreviousData, useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { groupQuery } from '../groups/group-query.js';
import { instantText, wallOf } from '../parts/dates.js';
import { DayInput } from '../parts/day-input.js';
import { Failure } from '../parts/failure.js';
import { RESOURCES } from '../parts/limit-text.js';
import { PageHead } from '../parts/page-head.js';
import { csvOf, saveFile } from '../parts/save-file.js';
import { WideTable } from '../parts/wide-table.js';
import { projectQuery } from '../projects/project-query.js';
import type { UsageSearch } from '../routes.js';
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
  const number = new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 2 });
  const sentence = t('usage.sentence', {
    peak: number.format(total.peak),
    resource: t(`counted.${resource}`),
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
      <WideTable minWidth={560} maxHeight={480} label={t('usage.table')}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('usage.beginning')}</Table.Th>
            <NumberHeads />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {windows.map((each) => (
            <Table.Tr key={each.from}>
              <Table.Th scope="row" fw={400} className="day">
                {wallOf(each.from, timeZone).replace(/ 00:00$/, '')}
              </Table.Th>
              <NumberCells measures={each} timeZone={timeZone} />
            </Table.Tr>
          ))}
        </Table.Tbody>
      </WideTable>
    </>
  );
}

function NumberHeads() {
  const { t } = useTranslation();
  return (
    <>
      <Table.Th className="numbers">{t('usage.peak')}</Table.Th>
      <Table.Th>{t('usage.peakAt')}</Table.Th>
      <Table.Th className="numbers">{t('usage.low')}</Table.Th>
      <Table.Th className="numbers">{t('usage.average')}</Table.Th>
      <Table.Th className="numbers">{t('usage.close')}</Table.Th>
    </>
  );
}

function NumberCells({ measures, timeZone }: { readonly measures: Measures; readonly timeZone: string }) {
  const { i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 2 });
  const { peak, peakAt, low, average, close } = measures;
  return (
    <>
      <Table.Td className="numbers">{number.format(peak)}</Table.Td>
      <Table.Td>{peakAt === null || peak === 0 ? '–' : instantText(peakAt, timeZone, i18n.language)}</Table.Td>
      <Table.Td className="numbers">{number.format(low)}</Table.Td>
      <Table.Td className="numbers">{number.format(Number(average))}</Table.Td>
      <Table.Td className="numbers">{number.format(close)}</Table.Td>
    </>
  );
}

interface BelowProps {
  readonly asked: Asked;
  readonly children: NonNullable<Answer['children']>;
}

/** What each group directly below used, those with the highest peak first; each leads to its own page. */
function Below({ asked, children }: BelowProps) {
  const { t } = useTranslation();
  const search = useSearch({ from: FROM });
  if (children.length === 0) return null;
  const highestFirst = children.toSorted((one, other) => other.total.peak - one.total.peak);
  return (
    <>
      <Title order={2} size="h4">
        {t('usage.below')}
      </Title>
      <WideTable minWidth={560} label={t('usage.below')}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('overview.group')}</Table.Th>
            <NumberHeads />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {highestFirst.slice(0, SHOWN).map(({ groupId, name, total }) => (
            <Table.Tr key={groupId}>
              <Table.Th scope="row" fw={400}>
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
              </Table.Th>
              <NumberCells measures={total} timeZone={asked.timeZone} />
            </Table.Tr>
          ))}
        </Table.Tbody>
      </WideTable>
      {children.length > SHOWN && (
        <Text size="sm" c="dimmed">
          {t('usage.others', { count: children.length - SHOWN })}
        </Text>
      )}
    </>
  );
}
