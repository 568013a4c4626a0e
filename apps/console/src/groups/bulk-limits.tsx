import { Alert, Anchor, Button, Group, List, NumberInput, Paper, Skeleton, Stack, Switch, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery, useSuspenseQuery, type UseQueryResult } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, must, Refused, type Problem } from '../api/client.js';
import { PageHead } from '../parts/page-head.js';
import { problemWords } from '../parts/problem-words.js';
import { ProblemText } from '../parts/problem-text.js';
import { countedText, RESOURCES, unitsText, type Resource } from '../parts/limit-text.js';
import { useChange } from '../parts/use-change.js';
import { Rows } from '../parts/rows.js';
import { projectQuery } from '../projects/project-query.js';
import { groupQuery } from './group-query.js';
import { entryOf, NEW_ALLOTMENT, requestOf, type RestrictionEntry } from './licenses/restriction-form.js';

const FROM = '/inside/projects/$projectId/groups/$groupId/limits';
/** Groups on one page. */
const PAGE = 25;
const PAUSE_MS = 300;

interface Row {
  readonly groupId: string;
  readonly name: string;
  readonly current: RestrictionEntry;
}

type Units = Readonly<Record<Resource, number>>;

/** The numbers of a section with one license without unlimited units, or with none; others are edited at the group. */
function unitsOf({ enabled, allotments }: RestrictionEntry): Units | null {
  if (!enabled || allotments.length === 0) return { sip_number: 0, mobile_app: 0, ukey2: 0 };
  const [{ units }, ...others] = allotments as [RestrictionEntry['allotments'][number], ...unknown[]];
  const { sip_number, mobile_app, ukey2 } = units;
  if (others.length > 0 || sip_number === null || mobile_app === null || ukey2 === null) return null;
  return { sip_number, mobile_app, ukey2 };
}

const changed = ({ current }: Row, units: Units): RestrictionEntry => ({
  ...current,
  enabled: true,
  allotments: [{ ...(current.enabled ? (current.allotments[0] ?? NEW_ALLOTMENT) : NEW_ALLOTMENT), units }],
});

/** The limits of the groups directly below one, changed together: all of them are saved, or none. */
export function BulkLimits() {
  const { t } = useTranslation();
  const { projectId, groupId } = useParams({ from: FROM });
  const { data: project } = useSuspenseQuery(projectQuery(projectId));
  const { data: group } = useSuspenseQuery(groupQuery(projectId, groupId));
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const cursor = cursors.at(-1);
  const { data, error } = useQuery({
    queryKey: ['bulk limits', projectId, groupId, cursor],
    queryFn: () => rowsOf(projectId, groupId, cursor),
    // Entries are never replaced while somebody types.
    refetchOnWindowFocus: false,
    placeholderData: keepPreviousData,
  });
  return (
    <Stack>
      <PageHead
        above={[
          { to: `/projects/${projectId}`, name: project.name },
          {
            to: `/projects/${projectId}/groups/${groupId}`,
            name: groupId === projectId ? t('projects.objectGroups') : group.name,
          },
        ]}
        title={t('bulk.title', { name: group.name })}
        subtitle={t('bulk.hint')}
      />
      {error !== null && (
        <Alert color="red" role="alert">
          <ProblemText error={error} />
        </Alert>
      )}
      {error === null && data === undefined && <Skeleton height={200} role="status" aria-label={t('common.loading')} />}
      {data && <Changes key={cursor} projectId={projectId} rows={data.rows} />}
      <Group>
        {cursors.length > 0 && (
          <Button variant="default" onClick={() => setCursors(cursors.slice(0, -1))}>
            {t('bulk.previous')}
          </Button>
        )}
        {data?.nextCursor && (
          <Button variant="default" onClick={() => setCursors([...cursors, data.nextCursor!])}>
            {t('bulk.next')}
          </Button>
        )}
      </Group>
    </Stack>
  );
}

function Changes(props: { readonly projectId: string; readonly rows: readonly Row[] }) {
  const { t } = useTranslation();
  return props.rows.length === 0 ? <Text c="dimmed">{t('bulk.empty')}</Text> : <BulkForm {...props} />;
}

async function rowsOf(p: string, parentId: string, cursor: string | undefined) {
  const query = { parentId, limit: PAGE, ...(cursor !== undefined && { cursor }) };
  const { items, nextCursor } = await must(api.GET('/api/v1/projects/{p}/groups', { params: { path: { p }, query } }));
  const rows = await Promise.all(
    items.map(async ({ groupId, name }): Promise<Row> => {
      const params = { path: { p, g: groupId } };
      const section = await must(api.GET('/api/v1/projects/{p}/groups/{g}/restriction', { params }));
      return { groupId, name, current: entryOf(section) };
    }),
  );
  return { rows, nextCursor };
}

type Entered = Readonly<Record<string, Units>>;

const send = (
  p: string,
  restrictions: readonly object[],
  options: { dryRun: boolean; cascade: boolean; key?: string },
) => {
  const query = {
    ...(options.dryRun && { dryRun: 'true' as const }),
    ...(options.cascade && { cascade: 'true' as const }),
  };
  const header = options.key === undefined ? {} : { 'Idempotency-Key': options.key };
  const body = { restrictions: restrictions as (ReturnType<typeof requestOf> & { groupId: string })[] };
  return must(api.PUT('/api/v1/projects/{p}/restrictions', { params: { path: { p }, query, header }, body }));
};

function BulkForm({ projectId, rows }: { readonly projectId: string; readonly rows: readonly Row[] }) {
  const { t } = useTranslation();
  const [entered, setEntered] = useState<Entered>({});
  const [all, setAll] = useState<Units>({ sip_number: 0, mobile_app: 0, ukey2: 0 });
  const [cascade, setCascade] = useState(false);
  const touched = rows.filter(({ groupId }) => entered[groupId] !== undefined);
  const restrictions = touched.map((row) => ({
    groupId: row.groupId,
    ...requestOf(changed(row, entered[row.groupId]!)),
  }));
  const [settled] = useDebouncedValue(restrictions, PAUSE_MS);
  const isAsked = touched.length > 0;
  const isSettled = JSON.stringify(settled) === JSON.stringify(restrictions);
  const preview = useQuery({
    queryKey: ['bulk preview', projectId, settled, cascade],
    queryFn: () => send(projectId, settled, { dryRun: true, cascade }),
    enabled: isAsked && isSettled,
    staleTime: 0,
  });
  const save = useChange({
    send: (_none: null, key) => send(projectId, restrictions, { dryRun: false, cascade, key }),
    done: () => t('licenses.saved'),
    onDone: () => setEntered({}),
  });
  const canSave = isAsked && isSettled && preview.isSuccess && !preview.isFetching;
  const refusals = refusalsOf(isAsked ? preview.error : null, settled);
  const editable = rows.filter(({ current }) => unitsOf(current) !== null);
  const setEach = () => setEntered(Object.fromEntries(editable.map(({ groupId }) => [groupId, all])));
  return (
    <>
      <Paper withBorder p="sm">
        <Group align="end">
          {RESOURCES.map((resource) => (
            <NumberInput
              key={resource}
              label={t(`resources.${resource}`)}
              min={0}
              allowDecimal={false}
              w={160}
              value={all[resource]}
              onChange={(value) => setAll({ ...all, [resource]: Number(value) })}
            />
          ))}
          <Button variant="default" onClick={setEach}>
            {t('bulk.setAll', { count: editable.length })}
          </Button>
        </Group>
      </Paper>
      <Rows
        label={t('bulk.table')}
        rows={rows}
        keyOf={({ groupId }) => groupId}
        columns={[
          {
            title: t('overview.group'),
            isHead: true,
            cell: (row) => (
              <RowHead
                projectId={projectId}
                row={row}
                isTouched={entered[row.groupId] !== undefined}
                refusals={refusals.get(row.groupId) ?? []}
              />
            ),
          },
          ...RESOURCES.map((resource, index) => ({
            title: t(`resources.${resource}`),
            cell: (row: Row) => (
              <RowField
                row={row}
                resource={resource}
                isFirst={index === 0}
                units={entered[row.groupId]}
                refusals={refusals.get(row.groupId) ?? []}
                onChange={(units) => setEntered({ ...entered, [row.groupId]: units })}
              />
            ),
          })),
        ]}
      />
      <Paper withBorder p="sm" className="outcome">
        <Stack gap="sm">
          <Outcome preview={preview} isAsked={isAsked} count={touched.length} />
          {save.error !== null && (
            <Alert color="red" role="alert">
              <ProblemText error={save.error} />
            </Alert>
          )}
          <Switch
            label={t('licenses.cascade')}
            checked={cascade}
            onChange={({ currentTarget }) => setCascade(currentTarget.checked)}
          />
          <Group>
            <Button onClick={() => save.mutate(null)} loading={save.isPending} disabled={!canSave}>
              {t('bulk.save')}
            </Button>
            {isAsked && (
              <Button variant="default" onClick={() => setEntered({})}>
                {t('licenses.restore')}
              </Button>
            )}
          </Group>
        </Stack>
      </Paper>
    </>
  );
}

interface OutcomeProps {
  readonly preview: UseQueryResult<Awaited<ReturnType<typeof send>>>;
  readonly isAsked: boolean;
  readonly count: number;
}

/** What saving would do. */
function Outcome({ preview: { data, error, isFetching, isPending }, isAsked, count }: OutcomeProps) {
  const { t } = useTranslation();
  if (!isAsked)
    return (
      <Text size="sm" c="dimmed" role="status">
        {t('licenses.unchanged')}
      </Text>
    );
  if (isPending || isFetching)
    return (
      <Text size="sm" role="status">
        {t('licenses.checking')}
      </Text>
    );
  return (
    <div role="status">
      {error === null ? <Text size="sm">{t('bulk.accepted', { count })}</Text> : <ProblemText error={error} />}
      <Suspended effects={data?.effects.suspended ?? []} />
    </div>
  );
}

interface Counted {
  readonly resource: Resource;
  readonly count: number;
}

function Suspended({ effects }: { readonly effects: readonly Counted[] }) {
  const { t } = useTranslation();
  if (effects.length === 0) return null;
  return (
    <List size="sm">
      {RESOURCES.flatMap((resource) => {
        const count = effects.filter((each) => each.resource === resource).reduce((sum, each) => sum + each.count, 0);
        if (count === 0) return [];
        const words = { group: t('bulk.together'), count, resource: countedText(resource, count, t) };
        return [<List.Item key={resource}>{t('licenses.suspendedUse', words)}</List.Item>];
      })}
    </List>
  );
}

/** Why each group was refused; the items of the answer name their places in the request. */
function refusalsOf(error: unknown, sent: readonly { readonly groupId: string }[]): ReadonlyMap<string, Problem[]> {
  const refusals = new Map<string, Problem[]>();
  if (!(error instanceof Refused) || error.problem.code !== 'BATCH_REFUSED') return refusals;
  for (const item of error.problem['items'] as (Problem & { readonly index: number })[]) {
    const groupId = sent[item.index]?.groupId;
    if (groupId !== undefined) refusals.set(groupId, [...(refusals.get(groupId) ?? []), item]);
  }
  return refusals;
}

interface RowHeadProps {
  readonly projectId: string;
  readonly row: Row;
  readonly isTouched: boolean;
  readonly refusals: readonly Problem[];
}

function RowHead({ projectId, row: { groupId, name, current }, isTouched, refusals }: RowHeadProps) {
  const { t } = useTranslation();
  return (
    <>
      <Anchor component={Link} to={`/projects/${projectId}/groups/${groupId}`} size="sm" fw={isTouched ? 700 : 400}>
        {name}
      </Anchor>
      {!current.enabled && (
        <Text size="xs" c="dimmed">
          {t('licenses.notRestricted')}
        </Text>
      )}
      {refusals.flatMap((problem) =>
        problemWords(new Refused(problem), t).map((line) => (
          <Text key={line} size="xs" c="red" role="alert">
            {line}
          </Text>
        )),
      )}
    </>
  );
}

interface RowFieldProps {
  readonly row: Row;
  readonly resource: Resource;
  readonly isFirst: boolean;
  readonly units: Units | undefined;
  readonly refusals: readonly Problem[];
  readonly onChange: (units: Units) => void;
}

function RowField({ row: { name, current }, resource, isFirst, units, refusals, onChange }: RowFieldProps) {
  const { t } = useTranslation();
  const shown = units ?? unitsOf(current);
  if (shown === null)
    return (
      isFirst && (
        <Text size="sm" c="dimmed">
          {t('bulk.several')} {current.allotments.map((each) => unitsText(each.units, t)).join(' + ')}
        </Text>
      )
    );
  return (
    <NumberInput
      aria-label={`${name}: ${t(`resources.${resource}`)}`}
      size="xs"
      min={0}
      allowDecimal={false}
      value={shown[resource]}
      error={refusals.some((problem) => problem['resource'] === resource)}
      onChange={(value) => onChange({ ...shown, [resource]: Number(value) })}
    />
  );
}
