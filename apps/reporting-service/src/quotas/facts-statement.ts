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
    FROM jsonb_to_recordset(r.allotments) AS one (units jsonb, "validFrom" timestamptz, "validUntil" timestamptz)
    WHERE one."validFrom" <= ${AT} AND (one."validUntil" IS NULL OR one."validUntil" > ${AT})) AS own`;

/** What is in force in a group below a reserved pool (R4). */
const USE_IN_RESERVED = `
  LATERAL (
    SELECT max(step.position) AS position,
      ${RESOURCES.map((resource) => `max(step.in_force) FILTER (WHERE resource = '${resource}') AS ${resource}`).join(', ')}
    FROM unnest(ARRAY[${RESOURCES.map((resource) => `'${resource}'`).join(', ')}]) AS of_each (resource)
    CROSS JOIN LATERAL (
      SELECT in_force, position FROM ${REPORTING}.usage_step
      WHERE below.is_reserved AND project_id = $1 AND group_id = below.group_id AND usage_step.resource = of_each.resource AND at <= ${AT}
      ORDER BY at DESC LIMIT 1) AS step) AS use`;

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
  -- Groups for which the restricted ones below matter: the group itself, and reserved pools (R4).
  pool AS MATERIALIZED (
    SELECT group_id, pool_mode IS NOT DISTINCT FROM 'reserved' AS is_reserved FROM level
    WHERE group_id = $2 OR pool_mode = 'reserved'),
  size AS MATERIALIZED (
    SELECT count(*) > ${few} AS is_large FROM (
      SELECT FROM ${REPORTING}.restriction_version r
      WHERE project_id = $1 AND is_enabled AND ${isInForce('r')} LIMIT ${few + 1}) AS counted),
  restricted AS MATERIALIZED (
    SELECT r.group_id, g.path FROM ${REPORTING}.restriction_version r
    JOIN ${lastOf('group_version', 'group_id = r.group_id')} g ON ${isOpen('g')} AND r.from_at >= g.placed_at
    WHERE NOT (SELECT is_large FROM size) AND r.project_id = $1 AND r.is_enabled AND ${isInForce('r')}),
  nearest_above AS (
    SELECT r.group_id, max(above.depth) AS depth
    FROM restricted r CROSS JOIN unnest(r.path) WITH ORDINALITY AS above (id, depth)
    JOIN restricted other ON other.group_id = above.id
    WHERE above.id <> r.group_id GROUP BY r.group_id),
  descent AS (
    SELECT group_id AS pool_id, group_id, false AS is_restricted FROM pool WHERE (SELECT is_large FROM size)
    UNION ALL
    SELECT descent.pool_id, child.group_id, r.position IS NOT NULL
    FROM descent CROSS JOIN LATERAL (
      -- OFFSET keeps this a look-up of the children, which a planner without an estimate turns into a scan of the project.
      SELECT group_id, placed_at FROM ${REPORTING}.group_version version
      WHERE project_id = $1 AND parent_id = descent.group_id AND ${isInForce('version')} OFFSET 0) AS child
    ${restrictionOf('child')}
    WHERE NOT descent.is_restricted),
  -- The nearest restricted groups below.
  below AS (
    SELECT pool.group_id AS pool_id, pool.is_reserved, r.group_id
    FROM restricted r LEFT JOIN nearest_above ON nearest_above.group_id = r.group_id
    JOIN pool ON pool.group_id = ANY (r.path) AND pool.group_id <> r.group_id
      AND coalesce(nearest_above.depth, 0) <= array_position(r.path, pool.group_id)
    UNION ALL
    SELECT pool_id, pool.is_reserved, descent.group_id
    FROM descent JOIN pool ON pool.group_id = descent.pool_id WHERE is_restricted)
  SELECT
    ${OF_PROJECT},
    (SELECT json_agg(json_build_object('groupId', level.group_id, 'name', level.name, 'position', level.position::text,
        'section', level.section, 'use', ${useOf('level')}) ORDER BY level.depth DESC) FROM level) AS levels,
    (SELECT json_agg(pool) FROM (
       SELECT below.pool_id AS "poolId", ${ofEachResource((name) => `sum(own.${name})`)} AS allotted,
         ${ofEachResource((name) => `count(*) FILTER (WHERE own.${name} IS NULL)`)} AS "allottedUnlimited",
         ${ofEachResource((name) => `coalesce(sum(use.${name}), 0)`)} AS "inRestricted",
         max(greatest(r.position, use.position))::text AS position,
         json_object_agg(below.group_id, r.position::text) AS sections
       FROM below JOIN ${lastOf('restriction_version', 'group_id = below.group_id')} r ON true
       CROSS JOIN ${OWN_LIMITS} CROSS JOIN ${USE_IN_RESERVED}
       GROUP BY below.pool_id) AS pool) AS below`,
});

export const FACTS = factsStatement(FEW);
