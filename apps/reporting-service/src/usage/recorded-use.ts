import type { CalendarDate, Period, Resource, Step } from '@allotree/domain';
import { Problem } from '@allotree/http';
import type { EntityManager } from 'typeorm';
import { REPORTING } from '../tokens.js';
import type { MeasuredDay, Parts, RecordedUse } from './series.js';

/** Changes that one answer looks at, one by one, at most. */
const MAX_STEPS = 500_000;

/** The groups and the resource whose use is read. */
export interface UseOf {
  readonly projectId: string;
  readonly groupIds: readonly string[];
  readonly resource: Resource;
}

const OF_GROUPS = 'project_id = $1 AND group_id = ANY ($2) AND resource = $3';

const OPEN = `
  SELECT of_each.group_id, step.in_force AS units FROM unnest($2::text[]) AS of_each (group_id)
  CROSS JOIN LATERAL (
    SELECT in_force FROM ${REPORTING}.usage_step
    WHERE project_id = $1 AND group_id = of_each.group_id AND resource = $3 AND at < $4::timestamptz
    ORDER BY at DESC LIMIT 1) AS step`;

const DAYS = `
  SELECT group_id, day::text, open, close, peak, peak_at, low, unit_ms FROM ${REPORTING}.usage_day
  WHERE ${OF_GROUPS} AND day >= $4::date AND day < $5::date ORDER BY day`;

const STEPS = `
  SELECT step.group_id, step.at, step.in_force AS units
  FROM unnest($4::timestamptz[], $5::timestamptz[]) AS edge (since, until)
  JOIN ${REPORTING}.usage_step step ON ${OF_GROUPS} AND step.at >= edge.since AND step.at < edge.until
  ORDER BY step.at LIMIT ${MAX_STEPS + 1}`;

interface DayRow {
  readonly group_id: string;
  readonly day: CalendarDate;
  readonly open: number;
  readonly close: number;
  readonly peak: number;
  readonly peak_at: Date;
  readonly low: number;
  readonly unit_ms: string;
}

interface StepRow {
  readonly group_id: string;
  readonly at: Date;
  readonly units: number;
}

/**
 * Reads the use of groups in adjoining periods: the measures of whole days, and the steps outside them.
 * @throws Problem `VALIDATION` where these are too many
 */
export async function useIn(
  tx: EntityManager,
  { projectId, groupIds, resource }: UseOf,
  parts: readonly Parts[],
): Promise<ReadonlyMap<string, RecordedUse>> {
  const key = [projectId, groupIds, resource];
  const from = new Date(parts[0]!.before.from).toISOString();
  const open: { group_id: string; units: number }[] = await tx.query(OPEN, [...key, from]);
  const days = await daysIn(tx, key, parts);
  const steps = await stepsIn(tx, key, parts);
  const use = new Map(groupIds.map((id) => [id, { open: 0, days: [] as MeasuredDay[], steps: [] as Step[] }]));
  for (const { group_id: id, units } of open) use.get(id)!.open = units;
  for (const row of days) use.get(row.group_id)!.days.push(measuredDay(row));
  for (const { group_id: id, at, units } of steps) use.get(id)!.steps.push({ at: at.getTime(), units });
  return use;
}

async function daysIn(tx: EntityManager, key: readonly unknown[], parts: readonly Parts[]): Promise<DayRow[]> {
  const ranges = parts.flatMap(({ days }) => days ?? []);
  if (ranges.length === 0) return [];
  const rows: DayRow[] = await tx.query(DAYS, [...key, ranges[0]!.from, ranges.at(-1)!.until]);
  let range = 0;
  return rows.filter(({ day }) => {
    while (day >= ranges[range]!.until) range += 1;
    return day >= ranges[range]!.from;
  });
}

async function stepsIn(tx: EntityManager, key: readonly unknown[], parts: readonly Parts[]): Promise<StepRow[]> {
  const edges = edgesOf(parts);
  const instants = (end: 'from' | 'until'): string[] => edges.map((edge) => new Date(edge[end]).toISOString());
  const rows: StepRow[] = await tx.query(STEPS, [...key, instants('from'), instants('until')]);
  if (rows.length <= MAX_STEPS) return rows;
  const limit = MAX_STEPS.toLocaleString('en');
  throw Problem.validation('window', `makes the answer look at more than ${limit} changes; ask for a shorter period`);
}

/** What lies outside whole days, adjoining pieces as one. */
function edgesOf(parts: readonly Parts[]): readonly Period[] {
  const edges: { from: number; until: number }[] = [];
  for (const { from, until } of parts.flatMap(({ before, after }) => [before, after])) {
    if (from >= until) continue;
    const last = edges.at(-1);
    if (last?.until === from) last.until = until;
    else edges.push({ from, until });
  }
  return edges;
}

const measuredDay = ({ day, open, close, peak, peak_at, low, unit_ms }: DayRow): MeasuredDay => ({
  day,
  open,
  close,
  peak,
  peakAt: peak_at.getTime(),
  low,
  unitMs: BigInt(unit_ms),
});
