import { addDays, dateAt, startOfDay } from '@allotree/domain';
import { lastOf, onRows } from '@allotree/read-models';
import type { EntityManager } from 'typeorm';
import { REPORTING } from '../tokens.js';
import type { UseKey } from './use.js';

/** The use of a resource in a group, and the instants at which it changed. */
export interface ChangedUse extends UseKey {
  readonly tenantId: string | null;
  readonly instants: readonly number[];
}

const COLUMNS = {
  tenant_id: 'text',
  project_id: 'text',
  group_id: 'text',
  resource: 'text',
  day: 'date',
  day_from: 'timestamptz',
  day_until: 'timestamptz',
};
const OF_KEY = `step.project_id = given.project_id AND step.group_id = given.group_id AND step.resource = given.resource`;

/** The day's measures follow from its steps and from what was in use when it began: those of `measure` in the domain. */
const refreshed = (given: string): string => `
  INSERT INTO ${REPORTING}.usage_day
    (tenant_id, project_id, group_id, resource, day, open, close, peak, peak_at, low, unit_ms)
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

/** Keeps the measures of calendar days, in the time zone of each project. */
export class UsageDays {
  constructor(private readonly tx: EntityManager) {}

  /** Measures the days of these changes. Those of a project whose zone is not known yet are measured once it is. */
  async refresh(changes: readonly ChangedUse[]): Promise<void> {
    const zones = await this.zonesOf(changes);
    const days = changes.flatMap((change) => {
      const zone = zones.get(change.projectId);
      return zone === undefined ? [] : daysOf(change, zone);
    });
    await onRows(this.tx, COLUMNS, lastOf(days, ['project_id', 'group_id', 'resource', 'day']), refreshed);
  }

  /** Measures every day with a change of these projects: their zones have become known. */
  async measureAll(projectIds: readonly string[]): Promise<void> {
    const rows: { tenant_id: string | null; project_id: string; group_id: string; resource: string; at: Date }[] =
      await this.tx.query(
        `SELECT tenant_id, project_id, group_id, resource, at FROM ${REPORTING}.usage_step WHERE project_id = ANY ($1)`,
        [projectIds],
      );
    await this.refresh(
      rows.map(({ tenant_id: tenantId, project_id: projectId, group_id: groupId, resource, at }) => {
        return { tenantId, projectId, groupId, resource: resource as ChangedUse['resource'], instants: [at.getTime()] };
      }),
    );
  }

  private async zonesOf(changes: readonly ChangedUse[]): Promise<ReadonlyMap<string, string>> {
    const rows: { project_id: string; time_zone: string }[] = await this.tx.query(
      `SELECT project_id, time_zone FROM ${REPORTING}.project_version WHERE project_id = ANY ($1) AND until_at IS NULL`,
      [[...new Set(changes.map(({ projectId }) => projectId))]],
    );
    return new Map(rows.map(({ project_id, time_zone }) => [project_id, time_zone]));
  }
}

/** One row for each day of the zone in which the use changed. */
function daysOf({ tenantId, projectId, groupId, resource, instants }: ChangedUse, zone: string) {
  const key = { tenant_id: tenantId, project_id: projectId, group_id: groupId, resource };
  return [...new Set(instants.map((instant) => dateAt(instant, zone)))].map((day) => ({
    ...key,
    day,
    day_from: new Date(startOfDay(day, zone)),
    day_until: new Date(startOfDay(addDays(day, 1), zone)),
  }));
}
