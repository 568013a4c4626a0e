import { Alert, Button, Group, List, Loader, Stack, Switch, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQueries, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, must, Refused, type Problem } from '../../api/client.js';
import { lastDayText } from '../../parts/dates.js';
import { groupQuery } from '../group-query.js';
import { ProblemText } from '../../parts/problem-text.js';
import { countedText, type Resource } from '../../parts/limit-text.js';
import { endingWith, reducedTo, requestOf, type RestrictionEntry } from './restriction-form.js';

interface CountedUse {
  readonly groupId: string;
  readonly resource: Resource;
  readonly count: number;
}

/** What would follow from saving. */
interface Effects {
  readonly suspended: readonly CountedUse[];
  readonly reinstated: readonly CountedUse[];
  readonly clamped: readonly string[];
}

interface Asked {
  readonly projectId: string;
  readonly groupId: string;
  readonly entry: RestrictionEntry;
  readonly cascade: boolean;
  readonly isAsked: boolean;
}

const PAUSE_MS = 300;
/** Groups that are named; the others are counted. */
const NAMED = 10;

/** Asks the server what saving would do, a moment after the last key. */
export function usePreview({ projectId, groupId, entry, cascade, isAsked }: Asked): UseQueryResult<Effects> {
  const [settled] = useDebouncedValue(entry, PAUSE_MS);
  const body = requestOf(settled);
  return useQuery({
    queryKey: ['preview', projectId, groupId, body, cascade],
    queryFn: async (): Promise<Effects> => {
      const query = { dryRun: 'true' as const, ...(cascade && { cascade: 'true' as const }) };
      const params = { path: { p: projectId, g: groupId }, query };
      const answer = await must(api.PUT('/api/v1/projects/{p}/groups/{g}/restriction', { params, body }));
      return 'effects' in answer ? answer.effects : { suspended: [], reinstated: [], clamped: [] };
    },
    enabled: isAsked,
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
}

interface PreviewProps {
  readonly projectId: string;
  readonly preview: UseQueryResult<Effects>;
  readonly entry: RestrictionEntry;
  readonly timeZone: string;
  readonly cascade: boolean;
  readonly onCascade: (cascade: boolean) => void;
  readonly onMend: (entry: RestrictionEntry) => void;
}

/** Accepted, with what follows; or the refusal in words, with what can be done about it. */
export function Preview({ projectId, preview: { data, error, isFetching }, ...props }: PreviewProps) {
  const { t } = useTranslation();
  if (error !== null) return <Refusal error={error} {...props} />;
  if (data === undefined || isFetching)
    return (
      <Group gap="xs">
        <Loader size="xs" />
        <Text size="sm">{t('licenses.checking')}</Text>
      </Group>
    );
  return (
    <Stack gap="xs">
      <Text size="sm" c="teal">
        {t('licenses.accepted')}
      </Text>
      <Consequences projectId={projectId} effects={data} />
      {props.cascade && <Cascade {...props} />}
    </Stack>
  );
}

function Consequences({ projectId, effects }: { readonly projectId: string; readonly effects: Effects }) {
  const { t } = useTranslation();
  const { suspended, reinstated, clamped } = effects;
  const ids = [...new Set([...suspended, ...reinstated].map(({ groupId }) => groupId).concat(clamped))];
  const names = useGroupNames(projectId, ids.slice(0, NAMED));
  if (ids.length === 0) return null;
  const line = (key: 'suspendedUse' | 'reinstatedUse', { groupId, resource, count }: CountedUse) =>
    t(`licenses.${key}`, {
      group: names.get(groupId) ?? t('licenses.otherGroup'),
      count,
      resource: countedText(resource, count, t),
    });
  const lines = [
    ...suspended.map((use) => line('suspendedUse', use)),
    ...reinstated.map((use) => line('reinstatedUse', use)),
    ...clamped.map((groupId) => t('licenses.clampedGroup', { group: names.get(groupId) ?? t('licenses.otherGroup') })),
  ];
  return (
    <div>
      <Text size="sm" fw={600}>
        {t('licenses.consequences')}
      </Text>
      <List size="sm">
        {lines.slice(0, NAMED).map((text) => (
          <List.Item key={text}>{text}</List.Item>
        ))}
        {lines.length > NAMED && <List.Item>+ {lines.length - NAMED}</List.Item>}
      </List>
    </div>
  );
}

function useGroupNames(projectId: string, ids: readonly string[]): ReadonlyMap<string, string> {
  const found = useQueries({
    queries: ids.map((id) => groupQuery(projectId, id)),
  });
  return new Map(found.flatMap(({ data }) => (data === undefined ? [] : [[data.groupId, data.name] as const])));
}

type RefusalProps = Omit<PreviewProps, 'projectId' | 'preview'> & { readonly error: unknown };

function Refusal({ error, entry, timeZone, cascade, onCascade, onMend }: RefusalProps) {
  const problem = error instanceof Refused ? error.problem : null;
  const mends = problem === null ? [] : mendsOf(problem, entry, timeZone);
  return (
    <Alert color="red">
      <ProblemText error={error} mends={mends.length > 0 ? <Mends {...{ mends, timeZone, onMend }} /> : undefined} />
      {problem?.code === 'DESCENDANTS_AFFECTED' && <Affected problem={problem} />}
      <Mends {...{ mends, timeZone, onMend }} />
      {problem?.code === 'DESCENDANTS_AFFECTED' && <Cascade cascade={cascade} onCascade={onCascade} />}
    </Alert>
  );
}

interface MendsProps extends Pick<PreviewProps, 'timeZone' | 'onMend'> {
  readonly mends: readonly Mend[];
}

/** What the refusal suggests, each with one click. */
function Mends({ mends, timeZone, onMend }: MendsProps) {
  const { t, i18n } = useTranslation();
  return (
    <Group mt="xs">
      {mends.map((mend) => (
        <Button key={mend.kind} size="compact-sm" variant="default" onClick={() => onMend(mend.entry)}>
          {mend.kind === 'reduce'
            ? t('licenses.reduceTo', { count: mend.count })
            : t('licenses.endWith', {
                date: lastDayText(mend.until, timeZone, i18n.language),
                name: mend.name ?? t('common.projectLicenses'),
              })}
        </Button>
      ))}
    </Group>
  );
}

function Cascade({ cascade, onCascade }: Pick<PreviewProps, 'cascade' | 'onCascade'>) {
  const { t } = useTranslation();
  return (
    <Switch
      mt="xs"
      label={t('licenses.cascade')}
      checked={cascade}
      onChange={({ currentTarget }) => onCascade(currentTarget.checked)}
    />
  );
}

interface AffectedFacts {
  readonly groups?: readonly { readonly groupId: string; readonly name: string }[];
  readonly suspensions?: readonly (CountedUse & { readonly name: string })[];
}

function Affected({ problem }: { readonly problem: Problem }) {
  const { t } = useTranslation();
  const { groups = [], suspensions = [] } = problem as AffectedFacts;
  const lines = [
    ...groups.map(({ name }) => t('licenses.clampedGroup', { group: name })),
    ...suspensions.map(({ name, resource, count }) =>
      t('licenses.suspendedUse', { group: name, count, resource: countedText(resource, count, t) }),
    ),
  ];
  return (
    <List size="sm">
      {lines.slice(0, NAMED).map((text) => (
        <List.Item key={text}>{text}</List.Item>
      ))}
      {lines.length > NAMED && <List.Item>+ {lines.length - NAMED}</List.Item>}
    </List>
  );
}

type Mend =
  | { readonly kind: 'reduce'; readonly count: number; readonly entry: RestrictionEntry }
  | { readonly kind: 'end'; readonly until: string; readonly name: string | null; readonly entry: RestrictionEntry };

interface BindingFacts {
  readonly resource?: Resource;
  readonly available?: number | null;
  readonly side?: 'start' | 'end';
  readonly limitedBy?: { readonly groupId: string | null; readonly name: string; readonly validUntil: string | null };
}

/** The changes of the form that a refusal suggests, each one click. */
function mendsOf(problem: Problem, entry: RestrictionEntry, timeZone: string): readonly Mend[] {
  const { resource, available, side, limitedBy } = problem as BindingFacts;
  if (problem.code === 'LIMIT_EXCEEDED' && resource !== undefined && typeof available === 'number' && available >= 0)
    return [{ kind: 'reduce', count: available, entry: reducedTo(entry, resource, available) }];
  if (problem.code === 'PERIOD_OUTSIDE_PARENT' && side === 'end' && limitedBy?.validUntil) {
    const { groupId, name, validUntil: until } = limitedBy;
    return [{ kind: 'end', until, name: groupId === null ? null : name, entry: endingWith(entry, until, timeZone) }];
  }
  return [];
}
