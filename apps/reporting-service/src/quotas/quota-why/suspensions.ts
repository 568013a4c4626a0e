import type { Resource } from '@allotree/domain';
import type { EntityManager } from 'typeorm';
import { REPORTING } from '../../tokens.js';
import type { Moment } from '../recorded-quota.js';

/** Suspended assignments that an answer lists at most. */
const MAX_LISTED = 100;

const isInForce = (version: string): string =>
  `${version}.from_at <= $3::timestamptz AND (${version}.until_at IS NULL OR ${version}.until_at > $3::timestamptz)`;

/** The first of the versions that are suspended without interruption up to the instant. */
const sinceThen = (table: string, key: string, isSuspended: string): string => `
  LATERAL (
    SELECT from_at, position FROM ${REPORTING}.${table} began
    WHERE began.project_id = $1 AND ${key} AND began.from_at <= $3::timestamptz AND began.from_at > coalesce((
      SELECT max(from_at) FROM ${REPORTING}.${table} began
      WHERE began.project_id = $1 AND ${key} AND began.from_at <= $3::timestamptz AND NOT (${isSuspended})), '-infinity')
    ORDER BY began.from_at LIMIT 1)`;

/** Goes down only where there is something suspended. */
const OF_ASSIGNMENTS = `
  WITH RECURSIVE inside AS (
    SELECT $2::text AS group_id
    UNION ALL
    SELECT child.group_id FROM inside
    -- As in the statement of the facts: a look-up, and no scan of the project.
    CROSS JOIN LATERAL (
      SELECT group_id FROM ${REPORTING}.group_version version
      WHERE project_id = $1 AND parent_id = inside.group_id AND ${isInForce('version')} OFFSET 0) AS child
    CROSS JOIN LATERAL (
      SELECT suspended FROM ${REPORTING}.usage_step
      WHERE project_id = $1 AND group_id = child.group_id AND resource = $4 AND at <= $3::timestamptz
      ORDER BY at DESC LIMIT 1) AS step
    WHERE step.suspended > 0)
  SELECT a.assignment_id, a.group_id, since.from_at AS since, since.position FROM inside
  JOIN ${REPORTING}.assignment_version a
    ON a.project_id = $1 AND a.group_id = inside.group_id AND a.resource = $4 AND a.is_suspended AND ${isInForce('a')}
  CROSS JOIN ${sinceThen('assignment_version', 'began.assignment_id = a.assignment_id', 'began.is_suspended')} AS since
  LIMIT ${MAX_LISTED}`;

const OF_LICENSES = `
  SELECT l.license_id, l.suspended_reason AS reason, since.from_at AS since, since.position
  FROM ${REPORTING}.license_version l
  CROSS JOIN ${sinceThen('license_version', 'began.license_id = l.license_id', 'began.suspended_reason IS NOT NULL')} AS since
  WHERE l.project_id = $1 AND $2::text IS NOT NULL AND l.suspended_reason IS NOT NULL AND ${isInForce('l')}`;

export interface SuspendedAssignment {
  readonly assignment_id: string;
  readonly group_id: string;
  readonly since: Date;
  readonly position: string;
}

export interface SuspendedLicense {
  readonly license_id: string;
  readonly reason: string;
  readonly since: Date;
  readonly position: string;
}

/** Suspended units of a resource in a group and below it, in the order in which they were suspended. */
export async function suspendedAssignments(
  tx: EntityManager,
  { projectId, groupId, at }: Moment,
  resource: Resource,
): Promise<readonly SuspendedAssignment[]> {
  const rows: SuspendedAssignment[] = await tx.query(OF_ASSIGNMENTS, [
    projectId,
    groupId,
    new Date(at).toISOString(),
    resource,
  ]);
  return rows.sort((a, b) => a.since.getTime() - b.since.getTime() || (a.assignment_id < b.assignment_id ? -1 : 1));
}

/** The suspended licenses of the project. */
export const suspendedLicenses = (
  tx: EntityManager,
  { projectId, groupId, at }: Moment,
): Promise<readonly SuspendedLicense[]> => tx.query(OF_LICENSES, [projectId, groupId, new Date(at).toISOString()]);
