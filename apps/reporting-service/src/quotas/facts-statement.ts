import { RESOURCES, type Resource } from '@allotree/domain';
import { REPORTING } from '../tokens.js';
import type { PreparedStatement } from './prepared.js';

const AT = '$3::timestamptz';
export const isOpen = (version: string): string => `(${version}.until_at IS NULL OR ${version}.until_at > ${AT})`;
export const isInForce = (version: string): string => `${version}.from_at <= ${AT} AND ${isOpen(version)}`;

/** The last version that began, whether or not it is still open. */
export const lastOf = (table: string, ofKey: string): string => `
  LATERAL (
    SELECT * FROM ${REPORTING}.${table} WHERE project_id = $1 AND ${ofKey} AND from_at <= ${AT} ORDER BY from_at DESC LIMIT 1)`;

/** A group that comes back under its old id has no section before it is restricted again. */
export const restrictionOf = (group: string): string => `
  LEFT JOIN ${lastOf('restriction_version', `group_id = ${group}.group_id`)} r
    ON ${isOpen('r')} AND r.is_enabled AND r.from_at >= ${group}.placed_at`;

export const SECTION = `
  CASE WHEN r.position IS NULL THEN NULL ELSE json_build_object('position', r.position::text, 'poolMode', r.pool_mode,
    'gracePeriodDays', r.grace_period_days, 'allotments', r.allotments) END`;

/** The use of each resource that has any: units in force, suspended, and the position of the event. */
export const useOf = (group: string): string => `
  (SELECT json_object_agg(resource, json_build_array(step.in_force, step.suspended, step.position::text))
   FROM unnest(ARRAY['sip_number', 'mobile_app', 'ukey2']) AS of_each (resource)
   CROSS JOIN LATERAL (
     SELECT in_force, suspended, position FROM ${REPORTING}.usage_step
     WHERE project_id = $1 AND group_id = ${group}.group_id AND usage_step.resource = of_each.resource AND at <= ${AT}
     ORDER BY at DESC LIMIT 1) step)`;

const ofEachResource = (value: (resource: Resource) => string): string =>
  `json_build_object(${RESOURCES.map((resource) => `'${resource}', ${value(resource)}`).join(', ')})`;

const limitOf = (resource: Resource): string => `
  CASE WHEN bool_or(one.units->>'${resource}' IS NULL) THEN NULL ELSE coalesce(sum((one.units->>'${resource}')::bigint), 0) END AS ${resource}`;

/** The own limits of a section: the sum of its allotments active then (R2), NULL: unlimited. A pool can have thousands below it. */
const OWN_LIMITS = `
  LATERAL (
    SELECT ${RESOURCES.map(limitOf).join(', ')}
    FROM jsonb_to_recordset(below.allotments) AS one (units jsonb, "validFrom" timestamptz, "validUntil" timestamptz)
    WHERE one."validFrom" <= ${AT} AND (one."validUntil" IS NULL OR one."validUntil" > ${AT})) AS own`;

/** What is in force in the groups below reserved pools (R4). */
const USE_IN_RESERVED = `
  SELECT below.pool_id, max(step.position) AS position,
    ${RESOURCES.map((resource) => `sum(step.in_force) FILTER (WHERE resource = '${resource}') AS ${resource}`).join(', ')}
  FROM below CROSS JOIN unnest(ARRAY[${RESOURCES.map((resource) => `'${resource}'`).join(', ')}]) AS of_each (resource)
  CROSS JOIN LATERAL (
    SELECT in_force, position FROM ${REPORTING}.usage_step
    WHERE project_id = $1 AND group_id = below.group_id AND usage_step.resource = of_each.resource AND at <= ${AT}
    ORDER BY at DESC LIMIT 1) AS step
  WHERE below.is_reserved GROUP BY below.pool_id`;

/** Columns: what every quota in the project depends on. Parameters: $1 project, $3 instant. */
export const OF_PROJECT = `
  (SELECT json_build_object('name', p.name, 'billingMode', p.billing_mode, 'timeZone', p.time_zone, 'position', p.position::text)
   FROM ${lastOf('project_version', 'true')} p) AS project,
  (SELECT min(from_at) FROM ${REPORTING}.project_version WHERE project_id = $1) AS begun_at,
  (SELECT json_build_array(count(*), max(position)::text) FROM ${REPORTING}.basic_license_version b
   WHERE project_id = $1 AND ${isInForce('b')}) AS devices,
  (SELECT json_agg(json_build_object('licenseId', l.license_id, 'type', l.type, 'features', l.features,
      'units', json_build_object('sip_number', l.sip_number, 'mobile_app', l.mobile_app, 'ukey2', l.ukey2),
      'validFrom', l.valid_from, 'validUntil', l.valid_until, 'suspendedReason', l.suspended_reason,
      'revokedReason', l.revoked_reason, 'position', l.position::text) ORDER BY l.granted_sequence)
   FROM ${REPORTING}.license_version l WHERE project_id = $1 AND ${isInForce('l')}) AS licenses,
  (SELECT json_object_agg(source, at) FROM ${REPORTING}.subject_progress WHERE subject = $1) AS progress`;

/** Up to this many restricted groups in force are looked at one by one; where there are more, the tree is descended. */
const FEW = 2_000;

/**
 * Everything that the quota of a group at an instant depends on, in one statement and so of one state of the tables. Parameters: $1 project,
 * $2 group, $3 instant.
 */
export const factsStatement = (few: number): PreparedStatement => ({
  name: `facts of a quota, ${few}`,
  text: `
  WITH RECURSIVE
  here AS (
    SELECT g.path FROM ${lastOf('group_version', 'group_id = $2')} g WHERE ${isOpen('g')}),
  level AS MATERIALIZED (
    SELECT step.depth, g.group_id, g.name, g.position, r.pool_mode, ${SECTION} AS section
    FROM here CROSS JOIN unnest(here.path) WITH ORDINALITY AS step (id, depth)
    JOIN ${lastOf('group_version', 'group_id = step.id')} g ON ${isOpen('g')}
    ${restrictionOf('g')}),
  -- Groups for which the restricted ones below matter: the group itself, and reserved pools (R4). A flat has nothing below it.
  pool AS MATERIALIZED (
    SELECT group_id, pool_mode IS NOT DISTINCT FROM 'reserved' AS is_reserved FROM level
    WHERE (group_id = $2 OR pool_mode = 'reserved') AND EXISTS (
      SELECT FROM ${REPORTING}.group_version child
      WHERE child.project_id = $1 AND child.parent_id = level.group_id AND ${isInForce('child')})),
  size AS MATERIALIZED (
    SELECT count(*) > ${few} AS is_large FROM (
      SELECT FROM ${REPORTING}.restriction_version r
      WHERE EXISTS (SELECT FROM pool) AND project_id = $1 AND is_enabled AND ${isInForce('r')} LIMIT ${few + 1}) AS counted),
  restricted AS MATERIALIZED (
    SELECT r.group_id, g.path, r.position, r.allotments FROM ${REPORTING}.restriction_version r
    -- OFFSET keeps this a look-up of each group, which a planner without an estimate turns into a scan of the project.
    CROSS JOIN LATERAL (
      SELECT path, placed_at FROM ${REPORTING}.group_version version
      WHERE project_id = $1 AND group_id = r.group_id AND ${isInForce('version')} OFFSET 0) AS g
    WHERE EXISTS (SELECT FROM pool) AND NOT (SELECT is_large FROM size)
      AND r.project_id = $1 AND r.is_enabled AND ${isInForce('r')} AND r.from_at >= g.placed_at),
  restricted_id AS MATERIALIZED (SELECT jsonb_object_agg(group_id, NULL) AS known FROM restricted),
  descent AS (
    SELECT group_id AS pool_id, group_id, NULL::bigint AS position, NULL::jsonb AS allotments FROM pool
    WHERE (SELECT is_large FROM size)
    UNION ALL
    SELECT descent.pool_id, child.group_id, r.position, r.allotments
    FROM descent CROSS JOIN LATERAL (
      SELECT group_id, placed_at FROM ${REPORTING}.group_version version
      WHERE project_id = $1 AND parent_id = descent.group_id AND ${isInForce('version')} OFFSET 0) AS child
    ${restrictionOf('child')}
    WHERE descent.position IS NULL),
  -- The nearest restricted groups below: no other one is between them and the pool.
  below AS (
    SELECT pool.group_id AS pool_id, pool.is_reserved, r.group_id, r.position, r.allotments
    FROM pool CROSS JOIN restricted_id JOIN restricted r ON pool.group_id = ANY (r.path) AND pool.group_id <> r.group_id
      AND NOT restricted_id.known ?| r.path[array_position(r.path, pool.group_id) + 1 : cardinality(r.path) - 1]
    UNION ALL
    SELECT pool_id, pool.is_reserved, descent.group_id, descent.position, descent.allotments
    FROM descent JOIN pool ON pool.group_id = descent.pool_id WHERE descent.position IS NOT NULL)
  SELECT
    ${OF_PROJECT},
    (SELECT json_agg(json_build_object('groupId', level.group_id, 'name', level.name, 'position', level.position::text,
        'section', level.section, 'use', ${useOf('level')}) ORDER BY level.depth DESC) FROM level) AS levels,
    (SELECT json_agg(pool) FROM (
       SELECT limits.pool_id AS "poolId", limits.allotted, limits.unlimited AS "allottedUnlimited",
         ${ofEachResource((name) => `coalesce(used.${name}, 0)`)} AS "inRestricted",
         greatest(limits.position, used.position)::text AS position, limits.sections
       FROM (
         SELECT below.pool_id, ${ofEachResource((name) => `sum(own.${name})`)} AS allotted,
           ${ofEachResource((name) => `count(*) FILTER (WHERE own.${name} IS NULL)`)} AS unlimited,
           max(below.position) AS position, json_object_agg(below.group_id, below.position::text) AS sections
         FROM below CROSS JOIN ${OWN_LIMITS} GROUP BY below.pool_id) AS limits
       LEFT JOIN (${USE_IN_RESERVED}) AS used USING (pool_id)) AS pool) AS below`,
});

export const FACTS = factsStatement(FEW);
