import type { Curve, GroupType, Period, Resource, Step } from '@allotree/domain';
import type { EntityManager } from 'typeorm';
import { REPORTING } from '../tokens.js';
import { MAX_STEPS, tooMany, type PlaceOfUse } from './recorded-use.js';

/** Assignments that one answer looks at, at most. */
const MAX_ASSIGNMENTS = 1_000_000;

/**
 * Units in force at groups of each type themselves. Parameters: $1 project, $2 group, $3 from, $4 to, $5 resource. A group counts under
 * its type of the time; before it was known and after it was removed, under the nearest one.
 */
const BY_TYPE = `
  WITH known AS (
    SELECT group_id, type, path,
      CASE WHEN lag(from_at) OVER of_group IS NULL THEN '-infinity' ELSE from_at END AS since,
      coalesce(lead(from_at) OVER of_group, 'infinity') AS until
    FROM ${REPORTING}.group_version
    WHERE project_id = $1 AND group_id IN (SELECT group_id FROM ${REPORTING}.group_version WHERE project_id = $1 AND $2 = ANY (path))
    WINDOW of_group AS (PARTITION BY group_id ORDER BY from_at)),
  below AS MATERIALIZED (
    SELECT * FROM known WHERE $2 = ANY (path) AND since < $4::timestamptz AND until > $3::timestamptz),
  used AS MATERIALIZED (
    SELECT below.type, greatest(assignment.from_at, below.since, $3::timestamptz) AS since, least(assignment.until_at, below.until) AS until
    FROM below CROSS JOIN LATERAL (
      SELECT from_at, until_at FROM ${REPORTING}.assignment_version
      WHERE project_id = $1 AND group_id = below.group_id AND resource = $5 AND NOT is_suspended
        AND from_at < $4::timestamptz AND (until_at IS NULL OR until_at > $3::timestamptz) OFFSET 0) AS assignment
    LIMIT ${MAX_ASSIGNMENTS + 1}),
  change AS (
    SELECT type, since AS at, 1 AS units FROM used WHERE since < until
    UNION ALL SELECT type, until, -1 FROM used WHERE since < until AND until < $4::timestamptz
    UNION ALL SELECT DISTINCT type, $3::timestamptz, 0 FROM below)
  SELECT (SELECT count(*) > ${MAX_ASSIGNMENTS} FROM used) AS is_cut, type, at, sum(sum(units)) OVER (PARTITION BY type ORDER BY at)::integer AS units
  FROM change GROUP BY type, at ORDER BY type, at LIMIT ${MAX_STEPS + 1}`;

interface Row {
  readonly is_cut: boolean;
  readonly type: GroupType;
  readonly at: Date;
  readonly units: number;
}

/**
 * The units in force at the groups of each type themselves, in a group and everything below it.
 * @throws Problem `VALIDATION` where too many assignments were in force
 */
export async function useByType(
  tx: EntityManager,
  { projectId, groupId, resource }: PlaceOfUse & { readonly resource: Resource },
  { from, until }: Period,
): Promise<ReadonlyMap<GroupType, Curve>> {
  const rows: Row[] = await tx.query(BY_TYPE, [
    projectId,
    groupId,
    new Date(from).toISOString(),
    new Date(until).toISOString(),
    resource,
  ]);
  if (rows.length > MAX_STEPS) throw tooMany(MAX_STEPS, 'changes');
  if (rows[0]?.is_cut === true) throw tooMany(MAX_ASSIGNMENTS, 'assignments');
  const steps = new Map<GroupType, Step[]>();
  for (const { type, at, units } of rows) {
    const ofType = steps.get(type) ?? [];
    ofType.push({ at: at.getTime(), units });
    steps.set(type, ofType);
  }
  return new Map([...steps].map(([type, ofType]) => [type, { open: 0, steps: ofType }]));
}
