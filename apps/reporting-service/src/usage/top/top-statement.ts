import { pathToday } from '../../access/paths-today.js';
import { REPORTING } from '../../tokens.js';

/** Days and changes that one answer looks at, at most. */
export const MAX_PIECES = 2_000_000;

/** A group is where it is today, and one that was removed where the nearest group above is that is still there. */
const IN_REACH = `
  SELECT group_id FROM ${REPORTING}.group_version
  WHERE project_id = $1 AND until_at IS NULL AND ($3::text[] IS NULL OR path && $3)
  UNION
  SELECT group_id FROM ${REPORTING}.group_version removed
  WHERE project_id = $1 AND until_at > $4::timestamptz
    AND NOT EXISTS (SELECT FROM ${REPORTING}.group_version WHERE project_id = $1 AND group_id = removed.group_id AND until_at IS NULL)
    AND ($3::text[] IS NULL OR EXISTS (SELECT FROM (${pathToday('removed.group_id')}) AS place WHERE place.path && $3))`;

const STEPS = `${REPORTING}.usage_step WHERE project_id = $1 AND group_id = here.group_id AND resource = $2`;
const DAYS = `${REPORTING}.usage_day WHERE project_id = $1 AND group_id = here.group_id AND resource = $2`;

/** Each measure as an expression. */
const MEASURES = { peak: 'peak', average: 'unit_ms', growth: 'close - open' };

/**
 * The groups with the most of a measure, from whole days and the changes outside them. Each is a piece with the units at its beginning and its
 * end, and the integral; between two pieces nothing changes. Parameters: $1 project, $2 resource, $3 groups in reach or null, $4 from, $5 to,
 * $6 the first whole day or null, $7 and $8 the bounds of the whole days, $9 and $10 the rest of the period, $11 type or null, $12 limit.
 */
export const topStatement = (measure: keyof typeof MEASURES): string => `
  WITH here AS MATERIALIZED (
    SELECT DISTINCT ON (group_id) group_id, name, type FROM ${REPORTING}.group_version
    WHERE project_id = $1 AND from_at < $5::timestamptz AND (until_at IS NULL OR until_at > $4::timestamptz)
      AND group_id IN (${IN_REACH})
    ORDER BY group_id, from_at DESC),
  piece AS MATERIALIZED (
    SELECT here.group_id, $4::timestamptz AS at, $4::timestamptz AS until,
      carried.units AS open, carried.units AS close, carried.units AS peak, $4::timestamptz AS peak_at, carried.units AS low, 0::bigint AS unit_ms
    FROM here CROSS JOIN LATERAL (
      SELECT in_force AS units FROM ${STEPS} AND at <= $4::timestamptz ORDER BY at DESC LIMIT 1) AS carried
    UNION ALL
    -- The days follow one another, so the place of one in the list is its distance from the first.
    SELECT here.group_id, ($7::timestamptz[])[day.day - $6::date + 1], ($8::timestamptz[])[day.day - $6::date + 1], day.open, day.close, day.peak, day.peak_at, day.low, day.unit_ms
    FROM here CROSS JOIN LATERAL (
      SELECT * FROM ${DAYS} AND day >= $6::date AND day < $6::date + cardinality($7::timestamptz[]) OFFSET 0) AS day
    UNION ALL
    SELECT here.group_id, step.at, step.at, step.in_force, step.in_force, step.in_force, step.at, step.in_force, 0
    FROM here CROSS JOIN unnest($9::timestamptz[], $10::timestamptz[]) AS edge (since, until)
    CROSS JOIN LATERAL (
      SELECT at, in_force FROM ${STEPS} AND at >= edge.since AND at < edge.until AND at > $4::timestamptz OFFSET 0) AS step
    LIMIT ${MAX_PIECES + 1}),
  first AS (
    SELECT DISTINCT group_id FROM piece
    EXCEPT SELECT group_id FROM piece WHERE at = $4::timestamptz AND until = $4::timestamptz),
  stretch AS (
    SELECT *, lead(at) OVER (PARTITION BY group_id ORDER BY at, until) AS next_at, max(peak) OVER (PARTITION BY group_id) AS highest FROM (
      SELECT * FROM piece
      -- What was not in use before counts as nothing until its first piece.
      UNION ALL SELECT group_id, $4::timestamptz, $4::timestamptz, 0, 0, 0, $4::timestamptz, 0, 0 FROM first) AS pieces),
  measured AS (
    SELECT group_id, max(open) FILTER (WHERE until = $4::timestamptz) AS open, max(close) FILTER (WHERE next_at IS NULL) AS close,
      max(highest) AS peak, min(peak_at) FILTER (WHERE peak = highest) AS peak_at, min(low) AS low,
      sum(unit_ms + close * round(date_part('epoch', coalesce(next_at, $5::timestamptz) - until) * 1000)::bigint)::bigint AS unit_ms
    FROM stretch GROUP BY group_id)
  SELECT (SELECT count(*) > ${MAX_PIECES} FROM piece) AS is_cut, here.name, here.type, measured.*
  FROM measured JOIN here USING (group_id) WHERE $11::text IS NULL OR here.type = $11
  ORDER BY ${MEASURES[measure]} DESC, group_id LIMIT $12`;
