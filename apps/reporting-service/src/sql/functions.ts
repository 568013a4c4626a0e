/** A function of the schema `analysis`. */
export interface SqlFunction {
  readonly name: string;
  readonly comment: string;
  readonly parameters: string;
  readonly returns: readonly { readonly name: string; readonly type: string; readonly comment: string }[];
  readonly body: string;
}

const RESOURCES = `(VALUES ('sip_number'), ('mobile_app'), ('ukey2')) AS each (resource)`;
const AT_VERSION = (version: string, at: string): string =>
  `${version}.from_at <= ${at} AND (${version}.until_at IS NULL OR ${version}.until_at > ${at})`;

const MEASURES = [
  { name: 'open', type: 'integer', comment: 'Units in force at the beginning.' },
  { name: 'close', type: 'integer', comment: 'Units in force just before the end.' },
  { name: 'peak', type: 'integer', comment: 'The most units in force at any instant, the value carried in included.' },
  { name: 'peak_at', type: 'timestamptz', comment: 'The first instant with that many.' },
  { name: 'low', type: 'integer', comment: 'The fewest units in force at any instant.' },
  { name: 'unit_ms', type: 'numeric', comment: 'The integral, in unit-milliseconds.' },
  { name: 'average', type: 'numeric', comment: 'The integral divided by the length.' },
];

/** In the order in which they are created: each can use those before it. */
export const FUNCTIONS: readonly SqlFunction[] = [
  {
    name: 'usage_between',
    comment: 'The use of a resource in a group and everything below it from one instant until another, not included.',
    parameters: 'project text, "group" text, resource text, "from" timestamptz, until timestamptz',
    returns: MEASURES,
    body: `
      SELECT (array_agg(units ORDER BY at))[1], (array_agg(units ORDER BY at DESC))[1], max(units),
        (array_agg(at ORDER BY units DESC, at))[1], min(units),
        sum(units * (extract(epoch FROM next_at) - extract(epoch FROM at)) * 1000),
        round(sum(units * (extract(epoch FROM next_at) - extract(epoch FROM at))) / (extract(epoch FROM $5) - extract(epoch FROM $4)), 6)
      FROM (
        SELECT at, units, lead(at, 1, $5) OVER (ORDER BY at) AS next_at FROM (
          SELECT $4 AS at, coalesce((
            SELECT in_force FROM analysis.usage_steps step
            WHERE step.project_id = $1 AND step.group_id = $2 AND step.resource = $3 AND step.at <= $4
            ORDER BY step.at DESC LIMIT 1), 0) AS units
          UNION ALL
          SELECT step.at, step.in_force FROM analysis.usage_steps step
          WHERE step.project_id = $1 AND step.group_id = $2 AND step.resource = $3 AND step.at > $4 AND step.at < $5
        ) AS steps
      ) AS stretches
      WHERE $4 < $5
      HAVING count(*) > 0`,
  },
  {
    name: 'usage_windows',
    comment:
      'The same for the hours, days, weeks (from Monday) or months of a time zone in a period; the first and the last are cut to it. Their unit_ms add up to that of the whole.',
    parameters: `project text, "group" text, resource text, "from" timestamptz, until timestamptz, "window" text DEFAULT 'day', zone text DEFAULT NULL`,
    returns: [
      { name: 'window_from', type: 'timestamptz', comment: 'The beginning of the window.' },
      { name: 'window_until', type: 'timestamptz', comment: 'Its end, not included.' },
      ...MEASURES,
    ],
    body: `
      WITH zone AS (
        SELECT coalesce($7, (SELECT time_zone FROM analysis.projects WHERE project_id = $1 AND until_at IS NULL), 'UTC') AS name),
      edge AS (
        SELECT DISTINCT at FROM (
          SELECT $4 AS at UNION ALL SELECT $5
          UNION ALL
          -- Hours go by instants, so that a repeated hour is there twice.
          SELECT hour FROM zone
          CROSS JOIN LATERAL generate_series(date_trunc('hour', $4, zone.name), $5, interval '1 hour') AS hour WHERE $6 = 'hour'
          UNION ALL
          SELECT local AT TIME ZONE zone.name FROM zone
          CROSS JOIN LATERAL generate_series(
            date_trunc($6, $4 AT TIME ZONE zone.name), $5 AT TIME ZONE zone.name, ('1 ' || $6)::interval) AS local WHERE $6 <> 'hour'
        ) AS edges WHERE at >= $4 AND at <= $5),
      cut AS (SELECT at, lead(at) OVER (ORDER BY at) AS until FROM edge)
      SELECT cut.at, cut.until, used.* FROM cut
      CROSS JOIN LATERAL analysis.usage_between($1, $2, $3, cut.at, cut.until) AS used
      WHERE cut.until IS NOT NULL ORDER BY cut.at`,
  },
  {
    name: 'limits_at',
    comment: 'The own limits of every restricted group of a project at an instant: its allotments in force, added up.',
    parameters: 'project text, at timestamptz',
    returns: [
      { name: 'group_id', type: 'text', comment: 'The restricted group.' },
      { name: 'path', type: 'text[]', comment: 'The ids from the root to the group.' },
      { name: 'pool_mode', type: 'text', comment: 'shared or reserved.' },
      { name: 'resource', type: 'text', comment: 'sip_number, mobile_app or ukey2.' },
      { name: 'own_limit', type: 'bigint', comment: 'The limit; NULL: unlimited.' },
    ],
    body: `
      SELECT g.group_id, g.path, r.pool_mode, each.resource,
        CASE WHEN bool_or(a.allotment_id IS NOT NULL AND units.of_resource IS NULL) THEN NULL
          ELSE coalesce(sum(units.of_resource), 0) END
      FROM analysis.restrictions r
      JOIN analysis.groups g ON g.project_id = r.project_id AND g.group_id = r.group_id AND ${AT_VERSION('g', '$2')}
        AND r.from_at >= g.placed_at
      CROSS JOIN ${RESOURCES}
      LEFT JOIN analysis.allotments a ON a.project_id = r.project_id AND a.group_id = r.group_id AND a.from_at = r.from_at
        AND a.valid_from <= $2 AND (a.valid_until IS NULL OR a.valid_until > $2)
      CROSS JOIN LATERAL (
        SELECT CASE each.resource WHEN 'sip_number' THEN a.sip_number WHEN 'mobile_app' THEN a.mobile_app ELSE a.ukey2 END
          AS of_resource) AS units
      WHERE r.project_id = $1 AND r.is_enabled AND ${AT_VERSION('r', '$2')}
      GROUP BY g.group_id, g.path, r.pool_mode, each.resource`,
  },
  {
    name: 'capacity_at',
    comment:
      'The capacity of a project at an instant: its licenses in force and the Basic licenses of its devices, added up.',
    parameters: 'project text, at timestamptz',
    returns: [
      { name: 'resource', type: 'text', comment: 'sip_number, mobile_app or ukey2.' },
      { name: 'capacity', type: 'bigint', comment: 'The capacity; NULL: unlimited.' },
    ],
    body: `
      SELECT each.resource,
        CASE WHEN (SELECT billing_mode FROM analysis.projects p WHERE p.project_id = $1 AND ${AT_VERSION('p', '$2')}) = 'postpaid'
            OR licensed.is_unlimited THEN NULL
          ELSE licensed.units + CASE WHEN each.resource = 'ukey2' THEN 0 ELSE 2 * (
            SELECT count(*) FROM analysis.basic_licenses b WHERE b.project_id = $1 AND ${AT_VERSION('b', '$2')}) END END
      FROM ${RESOURCES}
      CROSS JOIN LATERAL (
        SELECT coalesce(bool_or(units.of_resource IS NULL), false) AS is_unlimited, coalesce(sum(units.of_resource), 0) AS units
        FROM analysis.licenses l
        CROSS JOIN LATERAL (
          SELECT CASE each.resource WHEN 'sip_number' THEN l.sip_number WHEN 'mobile_app' THEN l.mobile_app ELSE l.ukey2 END
            AS of_resource) AS units
        WHERE l.project_id = $1 AND ${AT_VERSION('l', '$2')} AND l.suspended_reason IS NULL AND l.revoked_reason IS NULL
          AND l.valid_from <= $2 AND (l.valid_until IS NULL OR l.valid_until > $2)) AS licensed`,
  },
  {
    name: 'usage_at',
    comment: 'The use of a group and everything below it at an instant.',
    parameters: 'project text, "group" text, at timestamptz',
    returns: [
      { name: 'resource', type: 'text', comment: 'sip_number, mobile_app or ukey2.' },
      { name: 'in_force', type: 'integer', comment: 'Units in force.' },
      { name: 'suspended', type: 'integer', comment: 'Units that are suspended.' },
    ],
    body: `
      SELECT each.resource, coalesce(step.in_force, 0), coalesce(step.suspended, 0) FROM ${RESOURCES}
      LEFT JOIN LATERAL (
        SELECT in_force, suspended FROM analysis.usage_steps s
        WHERE s.project_id = $1 AND s.group_id = $2 AND s.resource = each.resource AND s.at <= $3
        ORDER BY s.at DESC LIMIT 1) AS step ON true`,
  },
  {
    name: 'quota_at',
    comment:
      'What a group could use at an instant, of each resource: the numbers of GET /projects/{p}/groups/{g}/quota/as-of. No rows: there was no such group.',
    parameters: 'project text, "group" text, at timestamptz',
    returns: [
      { name: 'resource', type: 'text', comment: 'sip_number, mobile_app or ukey2.' },
      {
        name: 'own_limit',
        type: 'bigint',
        comment: 'The limit of the group itself; NULL: unlimited, or not restricted.',
      },
      {
        name: 'effective_limit',
        type: 'bigint',
        comment: 'The least limit of the group, the groups above it and the project; NULL: unlimited.',
      },
      { name: 'in_force', type: 'integer', comment: 'Units in force in the group and everything below it.' },
      { name: 'suspended', type: 'integer', comment: 'Units of it that are suspended.' },
      { name: 'available', type: 'bigint', comment: 'Units that could still be assigned; NULL: unlimited.' },
    ],
    body: `
      WITH here AS (
        SELECT path FROM analysis.groups g WHERE g.project_id = $1 AND g.group_id = $2 AND ${AT_VERSION('g', '$3')}),
      limits AS MATERIALIZED (SELECT * FROM analysis.limits_at($1, $3)),
      level AS (
        SELECT limits.*, array_position(here.path, limits.group_id) AS depth
        FROM limits JOIN here ON limits.group_id = ANY (here.path)),
      nearest AS (SELECT * FROM level WHERE depth = (SELECT max(depth) FROM level)),
      -- A reserved pool keeps what is allotted to the nearest restricted groups below it (R4).
      below AS (
        SELECT limits.* FROM limits JOIN nearest
          ON nearest.pool_mode = 'reserved' AND nearest.resource = limits.resource
          AND nearest.group_id = ANY (limits.path) AND nearest.group_id <> limits.group_id
        WHERE NOT EXISTS (
          SELECT FROM limits other WHERE other.resource = limits.resource AND other.group_id = ANY (limits.path)
            AND other.group_id <> limits.group_id AND cardinality(other.path) > nearest.depth)),
      reserved AS (
        SELECT nearest.resource, CASE
          WHEN nearest.own_limit IS NULL THEN NULL
          WHEN coalesce(kept.is_unlimited, false) THEN 0
          ELSE nearest.own_limit - coalesce(kept.allotted, 0) - (used.in_force - coalesce(kept.in_force, 0)) END AS available
        FROM nearest
        JOIN LATERAL analysis.usage_at($1, nearest.group_id, $3) AS used ON used.resource = nearest.resource
        LEFT JOIN LATERAL (
          SELECT bool_or(below.own_limit IS NULL) AS is_unlimited, sum(below.own_limit) AS allotted, sum(inside.in_force) AS in_force
          FROM below JOIN LATERAL analysis.usage_at($1, below.group_id, $3) AS inside ON inside.resource = below.resource
          WHERE below.resource = nearest.resource) AS kept ON true
        WHERE nearest.pool_mode = 'reserved'),
      offer AS (
        SELECT level.resource, level.own_limit AS limit_of, level.own_limit - used.in_force AS available
        FROM level JOIN LATERAL analysis.usage_at($1, level.group_id, $3) AS used ON used.resource = level.resource
        UNION ALL
        SELECT total.resource, total.capacity, total.capacity - used.in_force
        FROM analysis.capacity_at($1, $3) AS total
        JOIN LATERAL analysis.usage_at($1, $1, $3) AS used ON used.resource = total.resource
        UNION ALL
        SELECT reserved.resource, NULL, reserved.available FROM reserved)
      SELECT used.resource,
        (SELECT level.own_limit FROM level WHERE level.group_id = $2 AND level.resource = used.resource),
        (SELECT min(offer.limit_of) FROM offer WHERE offer.resource = used.resource),
        used.in_force, used.suspended,
        (SELECT CASE WHEN min(offer.available) < 0 THEN 0 ELSE min(offer.available) END FROM offer WHERE offer.resource = used.resource)
      FROM here CROSS JOIN LATERAL analysis.usage_at($1, $2, $3) AS used`,
  },
  {
    name: 'tree_at',
    comment:
      'The groups of a project at an instant, parents before their children, each with its use and the use of everything below it.',
    parameters: 'project text, at timestamptz',
    returns: [
      { name: 'group_id', type: 'text', comment: 'The group.' },
      { name: 'parent_id', type: 'text', comment: 'The group above it; NULL: the root.' },
      { name: 'level', type: 'integer', comment: 'How many groups are above it.' },
      { name: 'type', type: 'text', comment: 'company, building, unit, floor, apartment or custom.' },
      { name: 'name', type: 'text', comment: 'Its name.' },
      { name: 'sip_number', type: 'integer', comment: 'Numbers in force.' },
      { name: 'mobile_app', type: 'integer', comment: 'Mobile apps in force.' },
      { name: 'ukey2', type: 'integer', comment: 'Keys in force.' },
    ],
    body: `
      SELECT g.group_id, g.parent_id, g.level, g.type, g.name, used.sip_number, used.mobile_app, used.ukey2
      FROM analysis.groups g
      CROSS JOIN LATERAL (
        SELECT max(in_force) FILTER (WHERE resource = 'sip_number') AS sip_number,
          max(in_force) FILTER (WHERE resource = 'mobile_app') AS mobile_app,
          max(in_force) FILTER (WHERE resource = 'ukey2') AS ukey2
        FROM analysis.usage_at($1, g.group_id, $2)) AS used
      WHERE g.project_id = $1 AND ${AT_VERSION('g', '$2')}
      ORDER BY g.level, g.name, g.group_id`,
  },
];
