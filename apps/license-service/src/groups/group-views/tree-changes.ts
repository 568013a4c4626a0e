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

/** A subtree changes its place, and so do its paths. */
export async function relocateGroup(
  tx: EntityManager,
  projectId: string,
  { data: { groupId, parentId } }: ProjectEventOf<'GroupRelocated'>,
): Promise<void> {
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
    `${SUBTREE} DELETE FROM licensing.allotment gone USING subtree
     WHERE gone.project_id = subtree.project_id AND gone.group_id = subtree.group_id`,
    place,
  );
}
