import type { CalendarDate, Curve, Period, Resource, Step } from '@allotree/domain';
import { Problem } from '@allotree/http';
import type { EntityManager } from 'typeorm';
import { REPORTING } from '../tokens.js';
import type { MeasuredDay, Parts, RecordedUse } from './series.js';

/** Changes, and days, that one answer looks at, one by one, at most. */
export const MAX_STEPS = 500_000;
const MAX_DAYS = 500_000;

/** A group of a project, with everything below it. */
export interface PlaceOfUse {
  readonly projectId: string;
  readonly groupId: string;
}

/** The groups and the resource whose use is read. */
export interface UseOf {
  readonly places: readonly PlaceOfUse[];
  readonly resource: Resource;
}

/** One of the places. */
export const keyOf = ({ projectId, groupId }: PlaceOfUse): string => `${projectId}\n${groupId}`;

const PLACES = 'unnest($1::text[], $2::text[]) AS place (project_id, group_id)';
const OF_PLACE = `project_id = place.project_id AND group_id = place.group_id AND resource = $3`;

const OPEN = `
  SELECT place.project_id, place.group_id, step.in_force AS units FROM ${PLACES}
  CROSS JOIN LATERAL (
    SELECT in_force FROM ${REPORTING}.usage_step WHERE ${OF_PLACE} AND at < $4::timestamptz
    ORDER BY at DESC LIMIT 1) AS step`;

const DAYS = `
  SELECT place.project_id, place.group_id, measured.* FROM ${PLACES}
  CROSS JOIN LATERAL (
    SELECT day::text, open, close, peak, peak_at, low, unit_ms FROM ${REPORTING}.usage_day
    WHERE ${OF_PLACE} AND day >= $4::date AND day < $5::date OFFSET 0) AS measured
  ORDER BY measured.day LIMIT ${MAX_DAYS + 1}`;

const STEPS = `
  SELECT place.project_id, place.group_id, step.at, step.in_force AS units
  FROM ${PLACES} CROSS JOIN unnest($4::timestamptz[], $5::timestamptz[]) AS edge (since, until)
  CROSS JOIN LATERAL (
    SELECT at, in_force FROM ${REPORTING}.usage_step
    WHERE ${OF_PLACE} AND at >= edge.since AND at < edge.until OFFSET 0) AS step
  ORDER BY step.at LIMIT ${MAX_STEPS + 1}`;

interface OfPlace {
  readonly project_id: string;
  readonly group_id: string;
}

interface DayRow extends OfPlace {
  readonly day: CalendarDate;
  readonly open: number;
  readonly close: number;
  readonly peak: number;
  readonly peak_at: Date;
  readonly low: number;
  readonly unit_ms: string;
}

interface StepRow extends OfPlace {
  readonly at: Date;
  readonly units: number;
}

/**
 * Reads the use of groups in adjoining periods: the measures of whole days, and the steps outside them.
 * @throws Problem `VALIDATION` where these are too many
 */
export async function useIn(
  tx: EntityManager,
  { places, resource }: UseOf,
  parts: readonly Parts[],
): Promise<ReadonlyMap<string, RecordedUse>> {
  const key = [places.map(({ projectId }) => projectId), places.map(({ groupId }) => groupId), resource];
  const from = new Date(parts[0]!.before.from).toISOString();
  const open: (OfPlace & { units: number })[] = await tx.query(OPEN, [...key, from]);
  const days = await daysIn(tx, key, parts);
  const steps = await stepsIn(tx, key, parts);
  const use = new Map(
    places.map((place) => [keyOf(place), { open: 0, days: [] as MeasuredDay[], steps: [] as Step[] }]),
  );
  const of = ({ project_id: projectId, group_id: groupId }: OfPlace) => use.get(keyOf({ projectId, groupId }))!;
  for (const row of open) of(row).open = row.units;
  for (const row of days) of(row).days.push(measuredDay(row));
  for (const row of steps) of(row).steps.push({ at: row.at.getTime(), units: row.units });
  return use;
}

/**
 * Reads the use of groups in a period, change by change.
 * @throws Problem `VALIDATION` where these are too many
 */
export async function curvesIn(tx: EntityManager, of: UseOf, period: Period): Promise<ReadonlyMap<string, Curve>> {
  if (of.places.length === 0) return new Map();
  return useIn(tx, of, [{ before: period, days: null, after: { from: period.until, until: period.until } }]);
}

async function daysIn(tx: EntityManager, key: readonly unknown[], parts: readonly Parts[]): Promise<DayRow[]> {
  const ranges = parts.flatMap(({ days }) => days ?? []);
  if (ranges.length === 0) return [];
  const rows: DayRow[] = await tx.query(DAYS, [...key, ranges[0]!.from, ranges.at(-1)!.until]);
  if (rows.length > MAX_DAYS) throw tooMany(MAX_DAYS, 'days');
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
  if (rows.length > MAX_STEPS) throw tooMany(MAX_STEPS, 'changes');
  return rows;
}

/** The refusal of a period with more than an answer looks at. */
export const tooMany = (limit: number, what: 'days' | 'changes' | 'assignments'): Problem =>
  Problem.validation(
    'from',
    `makes the answer look at more than ${limit.toLocaleString('en')} ${what}; ask for a shorter period`,
  );

/** What lies outside whole days, adjoining pieces as one. */
export function edgesOf(parts: readonly Parts[]): readonly Period[] {
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
