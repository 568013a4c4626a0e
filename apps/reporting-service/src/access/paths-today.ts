import type { PathOf } from '@allotree/identity';
import type { DataSource } from 'typeorm';
import { REPORTING } from '../tokens.js';

/** The last path of a group, and which of its groups are still there, with the path that they have today. @param group its id, as an expression */
export const pathToday = (group: string): string => `
  SELECT today.path FROM (
    SELECT path FROM ${REPORTING}.group_version
    WHERE project_id = $1 AND group_id = ${group} ORDER BY from_at DESC LIMIT 1) AS last
  CROSS JOIN unnest(last.path) WITH ORDINALITY AS step (id, depth)
  CROSS JOIN LATERAL (
    SELECT path FROM ${REPORTING}.group_version
    WHERE project_id = $1 AND group_id = step.id AND until_at IS NULL OFFSET 0) AS today
  ORDER BY step.depth DESC LIMIT 1`;
const PATH = pathToday('$2');

/**
 * The ids from a group up to the root as the tree is today. Of a group that was removed: from the nearest group of its last path that is still
 * there; so who may see the past of a removed group is who may see that of the group above it.
 */
export const pathsIn =
  (rows: DataSource): PathOf =>
  async (projectId, groupId) => {
    const [found]: { path: string[] }[] = await rows.query(PATH, [projectId, groupId]);
    if (found) return [...found.path].reverse();
    return groupId === projectId ? [projectId] : null;
  };
