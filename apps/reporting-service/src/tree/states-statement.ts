import { FEATURES, RESOURCES, type Resource } from '@allotree/domain';
import { isInForce, isOpen, lastOf } from '../quotas/facts-statement.js';
import type { PreparedStatement } from '../quotas/prepared.js';
import { REPORTING } from '../tokens.js';
import { isInReach, rowsOfPage } from './tree-statement.js';

const AT = '$3::timestamptz';
/** Features as a bit mask, in the order of `FEATURES`. */
const ALL_FEATURES = (1 << FEATURES.length) - 1;
const maskOf = (features: string): string => `
  (SELECT coalesce(bit_or(1 << array_position(ARRAY[${FEATURES.map((feature) => `'${feature}'`).join(', ')}], feature) - 1), 0)
   FROM ${features} AS feature)`;

const forEach = (sql: (resource: Resource) => string, between = ', '): string => RESOURCES.map(sql).join(between);
const isAsked = (state: string): string => `'${state}' = ANY ($5::text[])`;

/** A look-up of the group of each row. OFFSET keeps a planner without an estimate from scanning the project. */
const lookUp = (groupId: string): string => `
  LATERAL (
    SELECT * FROM ${REPORTING}.group_version version
    WHERE project_id = $1 AND group_id = ${groupId} AND ${isInForce('version')} OFFSET 0) AS g`;

const useOf = (groupId: string, resource: string): string => `
  LATERAL (
    SELECT in_force FROM ${REPORTING}.usage_step
    WHERE project_id = $1 AND group_id = ${groupId} AND usage_step.resource = ${resource} AND at <= ${AT}
    ORDER BY at DESC LIMIT 1) AS step`;

/** Right before an instant, and from then on. */
const SIDES = {
  before: 'valid_from < instant.at AND (valid_until IS NULL OR valid_until >= instant.at)',
  after: 'valid_from <= instant.at AND (valid_until IS NULL OR valid_until > instant.at)',
} as const;

const forEachSide = (sql: (side: string, isIn: string) => string): string =>
  Object.entries(SIDES)
    .map(([side, isIn]) => sql(side, isIn))
    .join(', ');

/** Sums of terms around `instant.at` (R2, L5); NULL: unlimited. @param terms with units, features and their term */
const sumsOf = (terms: string): string => `
  LATERAL (
    SELECT ${forEachSide(
      (side) => `
      ${forEach(
        (resource) => `
      CASE WHEN bool_or(${resource} IS NULL) FILTER (WHERE is_${side}) THEN NULL
        ELSE coalesce(sum(${resource}) FILTER (WHERE is_${side}), 0) END AS ${resource}_${side}`,
      )},
      coalesce(bit_or(features) FILTER (WHERE is_${side}), 0) AS features_${side}`,
    )}
    FROM (SELECT *, ${forEachSide((side, isIn) => `${isIn} AS is_${side}`)} FROM (${terms}) AS each) AS term)`;

const ALLOTMENTS = `
  SELECT ${forEach((resource) => `(one.units->>'${resource}')::bigint AS ${resource}`)},
    CASE WHEN ${isAsked('ending_soon')} THEN ${maskOf('jsonb_array_elements_text(one.features)')} ELSE 0 END AS features,
    one."validFrom" AS valid_from, one."validUntil" AS valid_until
  FROM jsonb_to_recordset(restricted.allotments) AS one (units jsonb, features jsonb, "validFrom" timestamptz, "validUntil" timestamptz)`;

/** Also of the devices, which have no term, and of billing by use, which has no limit. */
const LICENSES = `
  SELECT ${forEach((resource) => `${resource}::bigint`)}, ${maskOf('unnest(license.features)')} AS features, valid_from, valid_until FROM license
  WHERE suspended_reason IS NULL
  UNION ALL
  SELECT 2 * count(*), 2 * count(*), 0, 0, '-infinity', NULL FROM ${REPORTING}.basic_license_version b
  WHERE project_id = $1 AND ${isInForce('b')}
  UNION ALL
  SELECT ${forEach(() => 'NULL::bigint')}, ${ALL_FEATURES}, '-infinity', NULL FROM project WHERE billing_mode = 'postpaid'`;

/** The limit of a group falls, or a feature goes. */
const FALLS = `
  features_before & ~features_after <> 0
  OR ${forEach((of) => `${of}_after IS NOT NULL AND (${of}_before IS NULL OR ${of}_before > ${of}_after)`, ' OR ')}`;
const GIVES_BEFORE = `features_before <> 0 OR ${forEach((of) => `${of}_before IS NULL OR ${of}_before > 0`, ' OR ')}`;

/**
 * The groups in certain states at an instant, the highest first. `at_limit`: of some resource as much is in use as the effective limit (R3)
 * allows. `ending_soon`: what it relies on ends, of itself, above it or of the project (E5). Both are about groups with limits of their own,
 * and those at the top of what the caller sees. `suspended`: units assigned at the group itself are. Parameters: as of the rows of a tree,
 * but $5 states, $8 days, $9 groups in reach.
 */
const statesStatement = (isWhole: boolean): PreparedStatement => {
  const reach = isWhole ? null : '$9';
  return {
    name: `groups in states, ${isWhole ? 'whole' : 'in reach'}`,
    text: `
  WITH
  project AS MATERIALIZED (
    SELECT billing_mode, ((${AT} AT TIME ZONE time_zone)::date + $8::integer + 1)::timestamp AT TIME ZONE time_zone AS soon
    FROM ${lastOf('project_version', 'true')} p),
  license AS MATERIALIZED (
    SELECT * FROM ${REPORTING}.license_version l WHERE project_id = $1 AND ${isInForce('l')} AND revoked_reason IS NULL),
  restricted AS MATERIALIZED (
    SELECT r.group_id, g.path, r.allotments FROM ${REPORTING}.restriction_version r
    CROSS JOIN ${lookUp('r.group_id')}
    WHERE (${isAsked('at_limit')} OR ${isAsked('ending_soon')})
      AND r.project_id = $1 AND r.is_enabled AND ${isInForce('r')} AND r.from_at >= g.placed_at),
  candidate AS MATERIALIZED (
    SELECT group_id, path FROM restricted
    UNION ALL
    SELECT g.group_id, g.path
    FROM unnest($4::text[]) AS top (id) JOIN ${lastOf('group_version', 'group_id = top.id')} g ON ${isOpen('g')}
    WHERE NOT EXISTS (SELECT FROM restricted WHERE restricted.group_id = top.id)),
  -- What nobody in the project uses is not looked up for each group.
  used_resource AS MATERIALIZED (
    SELECT resource FROM unnest(ARRAY[${forEach((of) => `'${of}'`)}]) AS of_each (resource)
    CROSS JOIN ${useOf('$1', 'of_each.resource')} WHERE step.in_force > 0),
  in_use AS MATERIALIZED (
    SELECT candidate.group_id, candidate.path, used.* FROM candidate
    CROSS JOIN LATERAL (
      SELECT ${forEach((of) => `max(step.in_force) FILTER (WHERE used_resource.resource = '${of}') AS ${of}`)}
      FROM used_resource CROSS JOIN ${useOf('candidate.group_id', 'used_resource.resource')}
      WHERE step.in_force > 0) AS used
    WHERE ${isAsked('at_limit')} AND coalesce(${forEach((of) => `used.${of}`)}) IS NOT NULL),
  -- Those of licenses are of the root.
  term_end AS MATERIALIZED (
    SELECT restricted.group_id, one."validUntil" AS at FROM restricted
    CROSS JOIN jsonb_to_recordset(restricted.allotments) AS one ("validUntil" timestamptz), project
    WHERE ${isAsked('ending_soon')} AND one."validUntil" > ${AT} AND one."validUntil" <= project.soon
    UNION
    SELECT $1, valid_until FROM license, project WHERE ${isAsked('ending_soon')} AND valid_until > ${AT} AND valid_until <= project.soon),
  -- Of which groups the limit matters, and when.
  question AS MATERIALIZED (
    SELECT group_id, path, ${AT} AS at, false AS is_own FROM in_use
    UNION ALL
    SELECT candidate.group_id, min(candidate.path), term_end.at, bool_or(term_end.group_id = candidate.group_id)
    FROM candidate CROSS JOIN unnest(candidate.path) AS step (id) JOIN term_end ON term_end.group_id = step.id
    GROUP BY candidate.group_id, term_end.at),
  capacity AS MATERIALIZED (
    SELECT instant.at, sums.* FROM (SELECT DISTINCT at FROM question) AS instant CROSS JOIN ${sumsOf(LICENSES)} AS sums),
  -- Siblings have the same groups above them.
  above AS MATERIALIZED (
    SELECT DISTINCT path[cardinality(path) - 1] AS parent_id, at, path[:cardinality(path) - 1] AS path FROM question WHERE cardinality(path) > 1),
  own AS MATERIALIZED (
    SELECT restricted.group_id, instant.at, sums.* FROM (
      SELECT group_id AS id, at FROM question
      UNION
      SELECT step.id, above.at FROM above CROSS JOIN unnest(above.path) AS step (id)) AS instant
    JOIN restricted ON restricted.group_id = instant.id CROSS JOIN ${sumsOf(ALLOTMENTS)} AS sums),
  limit_above AS MATERIALIZED (
    SELECT above.parent_id, above.at,
      ${forEachSide((side) => `${forEach((of) => `min(own.${of}_${side}) AS ${of}_${side}`)}, bit_and(own.features_${side}) AS features_${side}`)}
    FROM above CROSS JOIN unnest(above.path) AS step (id) JOIN own ON own.group_id = step.id AND own.at = above.at
    GROUP BY above.parent_id, above.at),
  -- Where a group has no limits of its own, or none above it, these are NULL, as is what is unlimited.
  effective AS MATERIALIZED (
    SELECT question.group_id, question.at, question.is_own,
      ${forEachSide(
        (side) => `
      ${forEach((of) => `least(own.${of}_${side}, limit_above.${of}_${side}, capacity.${of}_${side}) AS ${of}_${side}`)},
      coalesce(own.features_${side}, ${ALL_FEATURES}) & coalesce(limit_above.features_${side}, ${ALL_FEATURES})
        & capacity.features_${side} AS features_${side}`,
      )}
    FROM question JOIN capacity USING (at)
    LEFT JOIN own ON own.group_id = question.group_id AND own.at = question.at
    LEFT JOIN limit_above ON limit_above.parent_id = question.path[cardinality(question.path) - 1] AND limit_above.at = question.at),
  matched AS MATERIALIZED (
    SELECT group_id, array_agg(state ORDER BY state) AS states, max(ends_at) AS ends_at FROM (
      SELECT in_use.group_id, 'at_limit' AS state, NULL::timestamptz AS ends_at
      FROM in_use JOIN effective ON effective.group_id = in_use.group_id AND effective.at = ${AT}
      WHERE ${forEach((of) => `in_use.${of} >= effective.${of}_after`, ' OR ')}
      UNION ALL
      SELECT group_id, 'ending_soon', min(at) FROM effective
      WHERE at > ${AT} AND CASE WHEN is_own THEN ${GIVES_BEFORE} ELSE ${FALLS} END GROUP BY group_id
      UNION ALL
      SELECT DISTINCT group_id, 'suspended', NULL::timestamptz FROM ${REPORTING}.assignment_version a
      WHERE ${isAsked('suspended')} AND project_id = $1 AND is_suspended AND ${isInForce('a')}) AS of_state
    GROUP BY group_id),
  found AS MATERIALIZED (
    SELECT g.group_id, g.parent_id, g.name, g.type, g.path, matched.states, matched.ends_at
    FROM matched CROSS JOIN ${lookUp('matched.group_id')}
    WHERE ($2::text IS NULL OR $2 = ANY (g.path[:cardinality(g.path) - 1])) AND ${isInReach('g.group_id', reach)}),
  -- Groups of the same depth are ordered as in a tree: by the names on the path from the root. Siblings share the names above them.
  parent AS MATERIALIZED (
    SELECT DISTINCT parent_id, path[:cardinality(path) - 1] AS path FROM found WHERE parent_id IS NOT NULL),
  step AS MATERIALIZED (
    SELECT parent.parent_id, step.id, step.depth FROM parent CROSS JOIN unnest(parent.path) WITH ORDINALITY AS step (id, depth)),
  named AS MATERIALIZED (
    SELECT g.group_id, g.name FROM (SELECT DISTINCT id FROM step) AS of_path CROSS JOIN ${lookUp('of_path.id')}),
  place AS MATERIALIZED (
    SELECT parent_id, rank() OVER (ORDER BY names) AS place FROM (
      SELECT step.parent_id, array_agg(ARRAY[named.name, named.group_id] ORDER BY step.depth) AS names
      FROM step JOIN named ON named.group_id = step.id GROUP BY step.parent_id) AS of_parent),
  page AS MATERIALIZED (
    SELECT *, row_order AS position_in_set, (SELECT count(*) FROM found) AS set_size FROM (
      SELECT *, $7 + row_number() OVER (ORDER BY depth, place, name, group_id) AS row_order FROM (
        SELECT found.*, cardinality(found.path) AS depth, place.place FROM found LEFT JOIN place USING (parent_id)
        ORDER BY depth, place, name, group_id LIMIT $6 OFFSET $7) AS of_page) AS numbered),
  ${rowsOfPage({ all: 'found', reach, more: `, 'states', page.states, 'endsAt', page.ends_at` })}`,
  };
};

/** Of the sets in the statement the planner knows no size: it would compare each of 100,000 groups with each of the others. */
export const BEFORE_STATES = 'SET LOCAL enable_nestloop = off';
export const WHOLE_STATES = statesStatement(true);
export const STATES_IN_REACH = statesStatement(false);
