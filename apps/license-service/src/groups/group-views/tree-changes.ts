import type { ProjectEventOf } from '@allotree/domain';
import type { EntityManager } from 'typeorm';
import { isoOf } from '../../persistence/columns.js';

/** The group and everything below it, by their parents. */
const SUBTREE = `
  WITH RECURSIVE subtree AS (
    SELECT project_id, group_id FROM licensing.license_group WHERE project_id = $1 AND group_id = $2
    UNION ALL
    SELECT child.project_id, child.group_id
    FROM licensing.license_group child
    JOIN subtree ON child.project_id = subtree.project_id AND child.parent_id = subtree.group_id
  )`;

/** Adds what is used in the group (`$2`) to the groups above it, or takes it from them (`$3`: 1 or -1). */
const CARRY_USE = `
  INSERT INTO licensing.group_quota AS above (project_id, group_id, resource, restricted, consumed, suspended)
  SELECT moved.project_id, ancestor, moved.resource, false, $3::integer * moved.consumed, $3::integer * moved.suspended
  FROM licensing.group_quota moved
  JOIN licensing.license_group place USING (project_id, group_id)
  CROSS JOIN LATERAL unnest(place.path) AS ancestor
  WHERE moved.project_id = $1 AND moved.group_id = $2 AND ancestor <> $2
  ON CONFLICT (project_id, group_id, resource)
  DO UPDATE SET consumed = above.consumed + excluded.consumed, suspended = above.suspended + excluded.suspended`;

/** A subtree changes its place: its paths, and what the groups above the old and the new place count. */
export async function relocateGroup(
  tx: EntityManager,
  projectId: string,
  { data: { groupId, parentId } }: ProjectEventOf<'GroupRelocated'>,
): Promise<void> {
  await tx.query(CARRY_USE, [projectId, groupId, -1]);
  await tx.query(
    `${SUBTREE}
     UPDATE licensing.license_group AS moved
     SET path = place.path || moved.path[array_position(moved.path, $2::text):],
         parent_id = CASE WHEN moved.group_id = $2 THEN $3 ELSE moved.parent_id END
     FROM subtree, licensing.license_group place
     WHERE moved.project_id = subtree.project_id AND moved.group_id = subtree.group_id
       AND place.project_id = $1 AND place.group_id = $3`,
    [projectId, groupId, parentId],
  );
  await tx.query(CARRY_USE, [projectId, groupId, 1]);
}

/** A subtree leaves the tree. Its rows stay, marked as removed, for the history (G4); its limits do not. */
export async function removeGroup(
  tx: EntityManager,
  projectId: string,
  { at, data: { groupId } }: ProjectEventOf<'GroupRemoved'>,
): Promise<void> {
  const place = [projectId, groupId];
  await tx.query(
    `${SUBTREE}
     UPDATE licensing.license_group AS gone SET removed_at = $3
     FROM subtree WHERE gone.project_id = subtree.project_id AND gone.group_id = subtree.group_id AND gone.removed_at IS NULL`,
    [...place, isoOf(at)],
  );
  await tx.query(
    `${SUBTREE} UPDATE licensing.group_quota AS gone SET restricted = false, own_limit = NULL
     FROM subtree WHERE gone.project_id = subtree.project_id AND gone.group_id = subtree.group_id`,
    place,
  );
  for (const table of ['allotment', 'restriction'])
    await tx.query(
      `${SUBTREE} DELETE FROM licensing.${table} gone USING subtree
       WHERE gone.project_id = subtree.project_id AND gone.group_id = subtree.group_id`,
      place,
    );
}
