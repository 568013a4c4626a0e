import { MAX_DESCENDANT_COUNT } from '@allotree/contracts';
import { pathToday } from '../access/paths-today.js';
import { isInForce, isOpen, lastOf, OF_PROJECT, restrictionOf, SECTION, useOf } from '../quotas/facts-statement.js';
import type { PreparedStatement } from '../quotas/prepared.js';
import { REPORTING } from '../tokens.js';

/** Today's place decides, as for a single group. @param reach the groups in reach, as an expression; `null`: all are */
export const isInReach = (group: string, reach: string | null): string =>
  reach === null ? 'true' : `EXISTS (SELECT FROM (${pathToday(group)}) AS place WHERE place.path && ${reach})`;

/** The groups directly below a group. OFFSET keeps this a look-up, which a planner without an estimate turns into a scan of the project. */
const childrenOf = (group: string, reach: string | null): string => `
  LATERAL (
    SELECT group_id, parent_id, name, type, path FROM ${REPORTING}.group_version version
    WHERE project_id = $1 AND parent_id = ${group} AND ${isInForce('version')} AND ${isInReach('version.group_id', reach)}
    OFFSET 0) AS child`;

interface Rows {
  /** The query of which `page` is a part. */
  readonly all: string;
  readonly reach: string | null;
  /** Further properties of a row of `page`. */
  readonly more?: string;
}

/**
 * The end of a statement: the rows in `page`, and everything that their quotas depend on. `page` has `group_id`, `parent_id`, `name`, `type`,
 * `path`, `position_in_set`, `set_size` and `row_order`. For each row it looks at a bounded number of groups below.
 */
export const rowsOfPage = ({ all, reach, more = '' }: Rows): string => `
  level AS MATERIALIZED (
    SELECT g.group_id, g.name, g.position, ${SECTION} AS section
    FROM (SELECT DISTINCT id FROM page CROSS JOIN unnest(page.path) AS id) AS step
    JOIN ${lastOf('group_version', 'group_id = step.id')} g ON ${isOpen('g')}
    ${restrictionOf('g')})
  SELECT
    ${OF_PROJECT},
    (SELECT coalesce(json_agg(json_build_object('groupId', level.group_id, 'name', level.name, 'position', level.position::text,
        'section', level.section, 'use', ${useOf('level')})), '[]') FROM level) AS levels,
    NULL AS below,
    ($2::text IS NULL OR EXISTS (SELECT FROM ${lastOf('group_version', 'group_id = $2')} g WHERE ${isOpen('g')})) AS was_there,
    (SELECT count(*)::integer FROM ${all}) AS total,
    (SELECT coalesce(json_agg(json_build_object('groupId', page.group_id, 'parentId', page.parent_id, 'name', page.name,
        'type', page.type, 'path', page.path, 'positionInSet', page.position_in_set, 'setSize', page.set_size,
        'childCount', (SELECT count(*) FROM ${childrenOf('page.group_id', reach)}),
        'descendantCount', (
          SELECT count(*) FROM (
            WITH RECURSIVE below AS (
              SELECT child.group_id FROM ${childrenOf('page.group_id', reach)}
              UNION ALL
              SELECT child.group_id FROM below CROSS JOIN ${childrenOf('below.group_id', reach)})
            SELECT FROM below LIMIT ${MAX_DESCENDANT_COUNT}) AS counted)${more}) ORDER BY page.row_order), '[]')
     FROM page) AS rows`;

/**
 * The rows of a tree at an instant, in one statement and so of one state of the tables. It looks at the rows in sight. Parameters: $1 project,
 * $2 group above the rows or null, $3 instant, $4 groups at the top where $2 is null, $5 expanded groups, $6 limit, $7 offset, $8 groups in
 * reach, unless all are.
 */
const treeStatement = (isWhole: boolean): PreparedStatement => {
  const reach = isWhole ? null : '$8';
  return {
    name: `rows of a tree, ${isWhole ? 'whole' : 'in reach'}`,
    text: `
  WITH RECURSIVE
  first AS (
    SELECT child.* FROM ${childrenOf('$2', reach)} WHERE $2::text IS NOT NULL
    UNION ALL
    SELECT g.group_id, g.parent_id, g.name, g.type, g.path
    FROM unnest($4::text[]) AS top (id) JOIN ${lastOf('group_version', 'group_id = top.id')} g ON ${isOpen('g')}
    -- A group below another one at the top is in its rows.
    WHERE $2::text IS NULL AND NOT g.path[:cardinality(g.path) - 1] && $4),
  visible AS (
    SELECT first.*, '' AS set_of, ARRAY[name, group_id] AS row_order FROM first
    UNION ALL
    SELECT child.*, visible.group_id, visible.row_order || ARRAY[child.name, child.group_id]
    FROM visible CROSS JOIN ${childrenOf('visible.group_id', reach)} WHERE visible.group_id = ANY ($5::text[])),
  page AS MATERIALIZED (
    SELECT *, row_number() OVER (PARTITION BY set_of ORDER BY name, group_id) AS position_in_set,
      count(*) OVER (PARTITION BY set_of) AS set_size
    FROM visible ORDER BY row_order LIMIT $6 OFFSET $7),
  ${rowsOfPage({ all: 'visible', reach })}`,
  };
};

export const WHOLE_TREE = treeStatement(true);
export const TREE_IN_REACH = treeStatement(false);
