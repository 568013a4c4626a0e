import type { Instant } from '@allotree/domain';
import type { EntityManager } from 'typeorm';
import { REPORTING } from '../../tokens.js';
import { LOGGED, type LoggedEvent } from '../event-references.js';

/** Events that an answer lists at most, and looks at to count them. */
const MAX_LISTED = 100;
const MAX_COUNTED = 10_000;

/** The types of events that change the quotas of a whole path. */
const OF_PATH = [
  'restriction-changed',
  'license-granted',
  'license-extended',
  'license-suspended',
  'license-reinstated',
  'license-revoked',
  'license-started',
  'license-expired',
  'basic-license-started',
  'basic-license-ended',
  'group-relocated',
  'group-moved',
  'group-changed',
].map((name) => `allotree.${name}.v1`);

/** Parameters: $1 project, $2 the group, $3 from, $4 to, $5 groups of the path whose events the caller sees, $6 types. */
const BETWEEN = `
  WITH of_path AS (
    SELECT ${LOGGED} FROM ${REPORTING}.event_of_group of_group JOIN ${REPORTING}.event USING (position)
    WHERE of_group.project_id = $1 AND of_group.group_id = ANY ($5)
      AND type = ANY ($6) AND at > $3::timestamptz AND at <= $4::timestamptz
    ORDER BY position DESC LIMIT ${MAX_COUNTED}),
  of_use AS (
    SELECT position FROM ${REPORTING}.usage_step
    WHERE project_id = $1 AND group_id = $2 AND $2 = ANY ($5) AND at > $3::timestamptz AND at <= $4::timestamptz
    ORDER BY at DESC LIMIT ${MAX_COUNTED}),
  found AS MATERIALIZED (
    SELECT position FROM of_path UNION SELECT position FROM of_use)
  SELECT ${LOGGED}, (SELECT count(*)::integer FROM found) AS total
  FROM ${REPORTING}.event WHERE position IN (SELECT position FROM found ORDER BY position DESC LIMIT ${MAX_LISTED})
  ORDER BY position`;

/** A group between two instants, and the groups of its path. */
export interface Span {
  readonly projectId: string;
  readonly groupId: string;
  readonly from: Instant;
  readonly to: Instant;
  readonly groups: readonly string[];
}

/** The newest of the events in (from, to] about groups of a path, licenses and the use of the group, in their order. */
export async function eventsBetween(
  tx: EntityManager,
  { projectId, groupId, from, to, groups }: Span,
): Promise<{ readonly total: number; readonly items: readonly LoggedEvent[] }> {
  const [after, until] = [new Date(from).toISOString(), new Date(to).toISOString()];
  const rows: (LoggedEvent & { readonly total: number })[] = await tx.query(BETWEEN, [
    projectId,
    groupId,
    after,
    until,
    groups,
    OF_PATH,
  ]);
  return { total: rows[0]?.total ?? 0, items: rows };
}
