import type { PlacedGroup } from '@allotree/domain';
import type { EntityManager } from 'typeorm';
import { columns } from '../../persistence/columns.js';

export interface PlacedRow extends PlacedGroup {
  readonly projectId: string;
}

export interface NamedGroup {
  readonly projectId: string;
  readonly groupId: string;
  readonly type: string;
  readonly name: string;
}

/** No id has it. */
const SEPARATOR = '/';

const keyOf = (projectId: string, groupId: string | null): string => `${projectId} ${groupId}`;

/** @param rows parents before their children */
export async function placeGroups(tx: EntityManager, rows: readonly PlacedRow[]): Promise<void> {
  if (rows.length === 0) return;
  const paths = await pathsOf(tx, rows);
  await tx.query(
    `INSERT INTO licensing.license_group (project_id, group_id, parent_id, type, name, path)
     SELECT project_id, group_id, parent_id, type, name, string_to_array(path, '${SEPARATOR}')
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
       AS placed(project_id, group_id, parent_id, type, name, path)
     -- A group that left and came back.
     ON CONFLICT (project_id, group_id) DO UPDATE
     SET parent_id = excluded.parent_id, type = excluded.type, name = excluded.name, path = excluded.path, removed_at = NULL`,
    columns(
      rows,
      (row) => row.projectId,
      (row) => row.groupId,
      (row) => row.parentId,
      (row) => row.type,
      (row) => row.name,
      (row) => paths.get(keyOf(row.projectId, row.groupId)),
    ),
  );
}

/** The path of every new group: below a parent that is new as well, or one that has its row. */
async function pathsOf(tx: EntityManager, rows: readonly PlacedRow[]): Promise<ReadonlyMap<string, string>> {
  const isNew = new Set(rows.map(({ projectId, groupId }) => keyOf(projectId, groupId)));
  const known = rows.filter(({ projectId, parentId }) => parentId !== null && !isNew.has(keyOf(projectId, parentId)));
  const parents = new Map(known.map((row) => [keyOf(row.projectId, row.parentId), row]));
  const found = await tx.query<{ project_id: string; group_id: string; path: string }[]>(
    `SELECT project_id, group_id, array_to_string(path, '${SEPARATOR}') AS path
     FROM licensing.license_group
     JOIN unnest($1::text[], $2::text[]) AS parent(project_id, group_id) USING (project_id, group_id)`,
    columns(
      [...parents.values()],
      (row) => row.projectId,
      (row) => row.parentId,
    ),
  );
  const paths = new Map(found.map((row) => [keyOf(row.project_id, row.group_id), row.path]));
  for (const { projectId, groupId, parentId } of rows) {
    const above = parentId === null ? undefined : paths.get(keyOf(projectId, parentId));
    paths.set(keyOf(projectId, groupId), above === undefined ? groupId : above + SEPARATOR + groupId);
  }
  return paths;
}

export async function changeGroups(tx: EntityManager, rows: readonly NamedGroup[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `UPDATE licensing.license_group AS known SET type = changed.type, name = changed.name
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS changed(project_id, group_id, type, name)
     WHERE known.project_id = changed.project_id AND known.group_id = changed.group_id`,
    columns(
      rows,
      (row) => row.projectId,
      (row) => row.groupId,
      (row) => row.type,
      (row) => row.name,
    ),
  );
}
