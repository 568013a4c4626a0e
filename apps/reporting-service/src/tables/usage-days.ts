import { addDays, dateAt, measure, startOfDay, type Period } from '@allotree/domain';
import { lastOf, onRows, type Row } from '@allotree/read-models';
import type { EntityManager } from 'typeorm';
import { REPORTING } from '../tokens.js';
import type { ChangedUse } from './use.js';

const KEY_COLUMNS = {
  tenant_id: 'text',
  project_id: 'text',
  group_id: 'text',
  resource: 'text',
  day: 'date',
};
const ADDED_COLUMNS = {
  ...KEY_COLUMNS,
  open: 'integer',
  close: 'integer',
  peak: 'integer',
  peak_at: 'timestamptz',
  low: 'integer',
  unit_ms: 'bigint',
  added_ms: 'bigint',
};
const MEASURES = 'open, close, peak, peak_at, low, unit_ms';

/** A day that is there already goes on from its close: what was measured from then on is added. */
const added = (given: string): string => `
  WITH given AS MATERIALIZED (SELECT * FROM ${given}),
  changed AS (
    UPDATE ${REPORTING}.usage_day day SET close = given.close, peak = greatest(day.peak, given.peak),
      peak_at = CASE WHEN given.peak > day.peak THEN given.peak_at ELSE day.peak_at END, low = least(day.low, given.low),
      unit_ms = day.unit_ms + given.added_ms
    FROM given WHERE (day.project_id, day.group_id, day.resource, day.day) = (given.project_id, given.group_id, given.resource, given.day)
    RETURNING day.project_id, day.group_id, day.resource, day.day)
  INSERT INTO ${REPORTING}.usage_day (tenant_id, project_id, group_id, resource, day, ${MEASURES})
  SELECT tenant_id, project_id, group_id, resource, day, ${MEASURES} FROM given
  WHERE (project_id, group_id, resource, day) NOT IN (SELECT project_id, group_id, resource, day FROM changed)`;

const MEASURED_COLUMNS = { ...KEY_COLUMNS, day_from: 'timestamptz', day_until: 'timestamptz' };
const OF_KEY = `step.project_id = given.project_id AND step.group_id = given.group_id AND step.resource = given.resource`;

/** The measures of a whole day, from its steps and from what was in use when it began: those of `measure` in the domain. */
const measured = (given: string): string => `
  INSERT INTO ${REPORTING}.usage_day (tenant_id, project_id, group_id, resource, day, ${MEASURES})
  SELECT given.tenant_id, given.project_id, given.group_id, given.resource, given.day,
    measured.open, measured.close, measured.peak, measured.peak_at, measured.low, measured.unit_ms
  FROM ${given} CROSS JOIN LATERAL (
    SELECT (array_agg(units ORDER BY at))[1] AS open, (array_agg(units ORDER BY at DESC))[1] AS close,
      max(units) AS peak, (array_agg(at ORDER BY units DESC, at))[1] AS peak_at, min(units) AS low,
      sum(units * (extract(epoch FROM until) * 1000 - extract(epoch FROM at) * 1000))::bigint AS unit_ms
    FROM (
      SELECT at, units, lead(at, 1, given.day_until) OVER (ORDER BY at) AS until FROM (
        SELECT given.day_from AS at, coalesce((
          SELECT in_force FROM ${REPORTING}.usage_step step WHERE ${OF_KEY} AND at <= given.day_from
          ORDER BY at DESC LIMIT 1), 0) AS units
        UNION ALL
        SELECT at, in_force FROM ${REPORTING}.usage_step step
        WHERE ${OF_KEY} AND at > given.day_from AND at < given.day_until
      ) AS steps
    ) AS stretches
  ) AS measured
  ON CONFLICT (project_id, group_id, resource, day) DO UPDATE SET open = excluded.open, close = excluded.close,
    peak = excluded.peak, peak_at = excluded.peak_at, low = excluded.low, unit_ms = excluded.unit_ms`;

/** Days to write: with changes that come after those before, and days that are measured as a whole. */
export interface MeasuredDays {
  readonly later: readonly Row[];
  readonly again: readonly Row[];
}

/** Keeps the measures of calendar days, in the time zone of each project. */
export class UsageDays {
  private readonly calendar = new Calendar();
  private readonly zones = new Map<string, string>();

  constructor(private readonly tx: EntityManager) {}

  /** Reads the time zones of the projects. */
  async know(changes: readonly Pick<ChangedUse, 'projectId'>[]): Promise<void> {
    const rows: { project_id: string; time_zone: string }[] = await this.tx.query(
      `SELECT project_id, time_zone FROM ${REPORTING}.project_version WHERE project_id = ANY ($1) AND until_at IS NULL`,
      [[...new Set(changes.map(({ projectId }) => projectId))]],
    );
    for (const { project_id, time_zone } of rows) this.zones.set(project_id, time_zone);
  }

  /** The days of these changes. Those of a project whose zone is not known yet are measured once it is. */
  measured(changes: readonly ChangedUse[]): MeasuredDays {
    const [later, again]: [Row[], Row[]] = [[], []];
    for (const change of changes) {
      const zone = this.zones.get(change.projectId);
      if (zone === undefined) continue;
      // A value that was stored for this very instant existed for no time: its day is measured as a whole.
      if (change.steps[0]?.at === change.since) again.push(...wholeDays(change, zone, this.calendar));
      else later.push(...addedDays(change, zone, this.calendar));
    }
    return { later, again };
  }

  /** Writes days, once the steps are written. */
  async write({ later, again }: MeasuredDays): Promise<void> {
    await onRows(this.tx, ADDED_COLUMNS, later, added);
    await onRows(this.tx, MEASURED_COLUMNS, again, measured);
  }

  /** Measures every day with a change of these projects: their zones have become known. */
  async measureAll(projectIds: readonly string[]): Promise<void> {
    const rows: { tenant_id: string | null; project_id: string; group_id: string; resource: string; at: Date }[] =
      await this.tx.query(
        `SELECT tenant_id, project_id, group_id, resource, at FROM ${REPORTING}.usage_step WHERE project_id = ANY ($1)`,
        [projectIds],
      );
    await this.know(projectIds.map((projectId) => ({ projectId })));
    const days = rows.flatMap(({ at, ...key }) => {
      const zone = this.zones.get(key.project_id);
      return zone === undefined ? [] : [{ ...key, ...this.calendar.dayOf(at.getTime(), zone).row }];
    });
    await onRows(this.tx, MEASURED_COLUMNS, lastOf(days, ['project_id', 'group_id', 'resource', 'day']), measured);
  }
}

/** The calendar day of an instant, and its bounds. */
function dayOf(instant: number, zone: string): Day {
  const day = dateAt(instant, zone);
  const period: Period = { from: startOfDay(day, zone), until: startOfDay(addDays(day, 1), zone) };
  return { day, period, row: { day, day_from: new Date(period.from), day_until: new Date(period.until) } };
}

interface Day {
  readonly day: string;
  readonly period: Period;
  readonly row: Readonly<Record<'day' | 'day_from' | 'day_until', unknown>>;
}

/** Days of time zones, of which most instants of a batch share a few. */
class Calendar {
  private readonly last = new Map<string, Day>();
  private readonly days = new Map<string, Day>();

  dayOf(instant: number, zone: string): Day {
    const known = this.last.get(zone);
    if (known && isWithin(known, instant)) return known;
    const hour = `${zone} ${Math.floor(instant / HOUR_MS)}`;
    const earlier = this.days.get(hour);
    const day = earlier && isWithin(earlier, instant) ? earlier : dayOf(instant, zone);
    this.days.set(hour, day);
    this.last.set(zone, day);
    return day;
  }
}

const HOUR_MS = 3_600_000;
const isWithin = ({ period }: Day, instant: number): boolean => period.from <= instant && instant < period.until;

const keyOf = ({ tenantId, projectId, groupId, resource }: ChangedUse) => ({
  tenant_id: tenantId,
  project_id: projectId,
  group_id: groupId,
  resource,
});

function wholeDays(change: ChangedUse, zone: string, calendar: Calendar): Row[] {
  const days = change.steps.map(({ at }) => ({ ...keyOf(change), ...calendar.dayOf(at, zone).row }));
  return lastOf(days, ['day']);
}

/** Each day in which the use changed, measured as if it had begun with what was in use before its first new step. */
function addedDays(change: ChangedUse, zone: string, calendar: Calendar): Row[] {
  const days: Row[] = [];
  let { before } = change;
  for (let first = 0; first < change.steps.length;) {
    const { day, period } = calendar.dayOf(change.steps[first]!.at, zone);
    let next = first;
    while (next < change.steps.length && change.steps[next]!.at < period.until) next += 1;
    const steps = change.steps.slice(first, next).map(({ at, inForce: units }) => ({ at, units }));
    const { open, close, peak, peakAt, low, unitMs } = measure({ open: before, steps }, period);
    const carriedMs = BigInt(before) * BigInt(period.until - period.from);
    days.push({
      tenant_id: change.tenantId,
      project_id: change.projectId,
      group_id: change.groupId,
      resource: change.resource,
      day,
      open,
      close,
      peak,
      peak_at: new Date(peakAt),
      low,
      unit_ms: unitMs,
      added_ms: unitMs - carriedMs,
    });
    before = steps.at(-1)!.units;
    first = next;
  }
  return days;
}
