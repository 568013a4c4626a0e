import type { Instant, Period } from '@allotree/domain';
import { notFound, Problem } from '@allotree/http';
import type { EntityManager } from 'typeorm';
import { REPORTING } from '../tokens.js';

/** Groups directly below that one answer has at most. */
const MAX_CHILDREN = 1_000;

const GROUP = `
  SELECT
    (SELECT time_zone FROM ${REPORTING}.project_version WHERE project_id = $1 ORDER BY from_at DESC LIMIT 1) AS time_zone,
    (SELECT min(from_at) FROM ${REPORTING}.project_version WHERE project_id = $1) AS begun_at,
    EXISTS (SELECT FROM ${REPORTING}.group_version WHERE project_id = $1 AND group_id = $2
      AND from_at < $4::timestamptz AND (until_at IS NULL OR until_at > $3::timestamptz)) AS was_there,
    (SELECT CASE WHEN count(*) = 2 THEN min(at) END FROM ${REPORTING}.subject_progress WHERE subject = $1
      AND source IN ('/group-service', '/license-service')) AS recorded_until`;

/** Every group that was directly below, for how long, and with the last name it had there. */
const CHILDREN = `
  SELECT group_id, array_agg(from_at ORDER BY from_at) AS since,
    array_agg(coalesce(until_at, 'infinity') ORDER BY from_at)::text[] AS until, (array_agg(name ORDER BY from_at DESC))[1] AS name,
    EXISTS (SELECT FROM ${REPORTING}.group_version other WHERE other.project_id = $1 AND other.group_id = child.group_id
      AND other.parent_id <> $2 AND other.from_at < $4::timestamptz
      AND (other.until_at IS NULL OR other.until_at > $3::timestamptz)) AS was_elsewhere
  FROM ${REPORTING}.group_version child
  WHERE project_id = $1 AND parent_id = $2 AND from_at < $4::timestamptz AND (until_at IS NULL OR until_at > $3::timestamptz)
  GROUP BY group_id ORDER BY group_id LIMIT ${MAX_CHILDREN + 1}`;

/** A group whose use is asked for. */
export interface UsedGroup {
  readonly timeZone: string;
  /** Nothing is recorded any more that changes the use before. */
  readonly recordedUntil: Instant;
}

interface GroupRow {
  readonly time_zone: string | null;
  readonly begun_at: Date | null;
  readonly was_there: boolean;
  readonly recorded_until: Date | null;
}

interface Place {
  readonly projectId: string;
  readonly groupId: string;
}

const parametersOf = ({ projectId, groupId }: Place, { from, until }: Period): unknown[] => [
  projectId,
  groupId,
  new Date(from).toISOString(),
  new Date(until).toISOString(),
];

/** @throws Problem where there was no such project when the period began, or no such group in it */
export async function usedGroup(tx: EntityManager, place: Place, period: Period): Promise<UsedGroup> {
  const [row]: GroupRow[] = await tx.query(GROUP, parametersOf(place, period));
  if (row?.begun_at == null || row.time_zone === null) throw notFound('project', place.projectId);
  const begunAt = row.begun_at.toISOString();
  if (period.from < row.begun_at.getTime())
    throw Problem.validation('from', `must not be before ${begunAt}, when the project was created`);
  if (!row.was_there) throw notFound('group', place.groupId);
  return { timeZone: row.time_zone, recordedUntil: row.recorded_until?.getTime() ?? 0 };
}

/** A group directly below, and when it was there. */
export interface ChildGroup {
  readonly groupId: string;
  readonly name: string;
  readonly periods: readonly Period[];
  /** In the rest of the period it was below another group. */
  readonly wasElsewhere: boolean;
}

interface ChildRow {
  readonly group_id: string;
  readonly name: string;
  readonly since: readonly Date[];
  readonly until: readonly string[];
  readonly was_elsewhere: boolean;
}

/** @throws Problem `VALIDATION` where these are too many */
export async function childrenOf(tx: EntityManager, place: Place, period: Period): Promise<readonly ChildGroup[]> {
  const rows: ChildRow[] = await tx.query(CHILDREN, parametersOf(place, period));
  if (rows.length > MAX_CHILDREN)
    throw Problem.validation('groupBy', 'child is for groups with up to 1,000 groups directly below');
  return rows.map(({ group_id: groupId, name, since, until, was_elsewhere: wasElsewhere }) => ({
    groupId,
    name,
    wasElsewhere,
    periods: since.map((from, index) => ({
      from: Math.max(period.from, from.getTime()),
      until: until[index] === 'infinity' ? period.until : Math.min(period.until, Date.parse(until[index]!)),
    })),
  }));
}
