import type { AccessFilter, SearchAnswer, SearchKind, SearchMatch } from '@allotree/contracts';
import type { EntityManager } from 'typeorm';
import { REPORTING } from '../tokens.js';
import type { Candidate } from './candidates.js';
import { SEARCHED, type SearchedKind } from './kinds.js';
import { heldPart, isHeldWithin } from './reach.js';

export type SearchItem = SearchAnswer['items'][number];

/** Something found, and how. */
export interface Hit extends Candidate {
  readonly match: SearchMatch;
}

/** Where a caller may see the project and the groups around a hit; `null`: everywhere. */
export interface Sight {
  readonly projects: AccessFilter | null;
  readonly groups: AccessFilter | null;
}

interface HitRow {
  readonly project_id: string | null;
  readonly group_id: string | null;
  readonly id: string;
  readonly text: string;
  readonly tenant_id: string | null;
  readonly partner_id: string | null;
  readonly project_name: string | null;
  readonly path: readonly { readonly id: string; readonly name: string }[] | null;
}

export const keyOf = (hit: Pick<Candidate, 'project_id' | 'group_id' | 'id'>): string =>
  JSON.stringify([hit.project_id, hit.group_id, hit.id]);

const rowsOf = ({ table, id, projectId, groupId, text }: SearchedKind): string => `
  SELECT hit.project_id, hit.group_id, hit.id, ${text} AS text, row.tenant_id, project.partner_id, project.name AS project_name,
    (SELECT json_agg(json_build_object('id', step.id, 'name', level.name) ORDER BY step.depth)
     FROM ${REPORTING}.group_version place
     CROSS JOIN unnest(place.path) WITH ORDINALITY AS step (id, depth)
     JOIN ${REPORTING}.group_version level
       ON level.project_id = place.project_id AND level.group_id = step.id AND level.until_at IS NULL
     WHERE place.project_id = hit.project_id AND place.group_id = hit.place_id
       AND place.until_at IS NULL) AS path
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS hit (project_id, group_id, id, place_id)
  JOIN ${REPORTING}.${table} row ON row.until_at IS NULL AND ${id} = hit.id
    ${projectId === 'NULL' ? '' : `AND ${projectId} = hit.project_id`} ${groupId === 'NULL' ? '' : `AND ${groupId} = hit.group_id`}
  LEFT JOIN ${REPORTING}.project_version project ON project.project_id = hit.project_id AND project.until_at IS NULL`;

/** The hits of a kind as the caller sees them, by their keys. @param tx of the caller */
export async function itemsOf(
  tx: EntityManager,
  kind: SearchKind,
  hits: readonly Hit[],
  sight: Sight,
): Promise<ReadonlyMap<Hit, SearchItem>> {
  const rows: HitRow[] = await tx.query(rowsOf(SEARCHED[kind]), [
    hits.map((hit) => hit.project_id),
    hits.map((hit) => hit.group_id),
    hits.map((hit) => hit.id),
    // Not computed by the statement: row-level security lets an index look up nothing that a function like coalesce has computed.
    hits.map((hit) => hit.group_id ?? hit.project_id),
  ]);
  const found = new Map(rows.map((row) => [keyOf(row), row]));
  return new Map(
    hits.flatMap((hit) => {
      const row = found.get(keyOf(hit));
      return row === undefined ? [] : [[hit, itemOf(hit, row, sight)] as const];
    }),
  );
}

function itemOf({ kind, field, match }: Hit, row: HitRow, { projects, groups }: Sight): SearchItem {
  const location = { tenantId: row.tenant_id, partnerId: row.partner_id, projectId: row.project_id };
  return {
    kind,
    id: row.id,
    text: row.text,
    projectId: row.project_id,
    projectName: isHeldWithin(projects, location) ? row.project_name : null,
    groupId: row.group_id,
    path: heldPart(groups, location, row.path ?? []).map(({ name }) => name),
    field,
    match,
  };
}
