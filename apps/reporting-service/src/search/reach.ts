import type { AccessFilter } from '@allotree/contracts';
import type { EntityManager } from 'typeorm';
import { REPORTING } from '../tokens.js';
import type { SearchedKind } from './kinds.js';

/** Where a caller may find things of one kind. */
export interface Reach {
  /** Everything in these tenants. */
  readonly tenants: readonly string[];
  /** These partners, or everything in these projects. */
  readonly scopes: readonly string[];
  /** Groups, with everything below them. */
  readonly groups: AccessFilter['groups'];
  /** The tenants are all that there are. */
  readonly isEverywhere: boolean;
}

type Rows = Pick<EntityManager, 'query'>;

async function idsOf(rows: Rows, sql: string, parameters: readonly unknown[] = []): Promise<readonly string[]> {
  const found: { id: string }[] = await rows.query(sql, [...parameters]);
  return found.map(({ id }) => id);
}

export const everyTenant = (rows: Rows): Promise<readonly string[]> =>
  idsOf(rows, `SELECT DISTINCT tenant_id AS id FROM ${REPORTING}.access_partner`);

/** @param accessFilter where the caller holds the permission of the kind */
export async function reachOf(rows: Rows, accessFilter: AccessFilter, place: SearchedKind['place']): Promise<Reach> {
  const { tenantIds: tenants, partnerIds, groups } = accessFilter;
  if (place === 'partner') return { tenants, scopes: partnerIds, groups: [], isEverywhere: false };
  const ofPartners =
    partnerIds.length === 0
      ? []
      : await idsOf(rows, `SELECT project_id AS id FROM ${REPORTING}.access_project WHERE partner_id = ANY ($1)`, [
          partnerIds,
        ]);
  const whole = place === 'within' ? groups : groups.filter(({ projectId, groupId }) => projectId === groupId);
  const scopes = new Set([...ofPartners, ...whole.map(({ projectId }) => projectId)]);
  const parts = place === 'group' ? groups.filter(({ projectId }) => !scopes.has(projectId)) : [];
  return { tenants, scopes: [...scopes], groups: parts, isEverywhere: false };
}

export const isNowhere = ({ tenants, scopes, groups }: Reach): boolean =>
  tenants.length === 0 && scopes.length === 0 && groups.length === 0;

/** The place of something, for what of it a caller may see. */
export interface Location {
  readonly tenantId: string | null;
  readonly partnerId: string | null;
  readonly projectId: string | null;
}

/** Whether a permission is held above the groups of a project, and so in all of it. */
const coversProject = (accessFilter: AccessFilter | null, { tenantId, partnerId }: Location): boolean =>
  accessFilter === null ||
  (tenantId !== null && accessFilter.tenantIds.includes(tenantId)) ||
  (partnerId !== null && accessFilter.partnerIds.includes(partnerId));

/** Whether a permission is held somewhere in a project. */
export const isHeldWithin = (accessFilter: AccessFilter | null, location: Location): boolean =>
  coversProject(accessFilter, location) ||
  accessFilter?.groups.some(({ projectId }) => projectId === location.projectId) === true;

/** The part of a path, from the root down, at whose groups a permission is held. */
export function heldPart<Step extends { readonly id: string }>(
  accessFilter: AccessFilter | null,
  location: Location,
  path: readonly Step[],
): readonly Step[] {
  if (accessFilter === null || coversProject(accessFilter, location)) return path;
  const held = accessFilter.groups.filter(({ projectId }) => projectId === location.projectId);
  const first = path.findIndex(({ id }) => held.some(({ groupId }) => groupId === id));
  return first === -1 ? [] : path.slice(first);
}
