import { Injectable } from '@nestjs/common';
import type { AccessFilter } from '@allotree/contracts';
import type { Principal } from '@allotree/http';
import { TenantRows } from '@allotree/identity';
import { isoOf, isoOrNull } from '../persistence/columns.js';

/** An instant at which something ends in a project. */
export interface ProjectEnd {
  readonly validUntil: number;
  readonly projectId: string;
  /** Whether all of the project may be seen. */
  readonly whole: boolean;
}

/** Instants in milliseconds. */
export interface EndsWanted {
  /** What may be seen; `null`: everything. */
  readonly accessFilter: AccessFilter | null;
  readonly projectId?: string | undefined;
  readonly tenantId?: string | undefined;
  /** Of this group of the project and what is below it. */
  readonly groupId?: string | undefined;
  readonly now: number;
  readonly before: number | null;
}

interface Row {
  readonly valid_until: Date;
  readonly project_id: string;
  readonly whole: boolean;
}

/** $5 whether only some may be seen: those of the tenants $6, of the partners $7, of the groups $9 of the projects $8 and below. */
const whole = (ends: string): string => `
  (NOT $5 OR EXISTS (
    SELECT FROM licensing.access_project home WHERE home.project_id = ${ends}.project_id
      AND (home.tenant_id = ANY($6::text[]) OR home.partner_id = ANY($7::text[]))))`;

/** A term that ends above, in or below one of the given groups concerns that group. */
const concerned = (projects: string, groups: string): string => `
  (EXISTS (
    SELECT FROM licensing.license_group place JOIN unnest(${projects}, ${groups}) AS held(project_id, group_id)
      ON held.project_id = place.project_id AND held.group_id = ANY(place.path)
    WHERE place.project_id = ends.project_id AND place.group_id = ends.group_id
  ) OR EXISTS (
    SELECT FROM unnest(${projects}, ${groups}) AS held(project_id, group_id) JOIN licensing.license_group place
      ON place.project_id = held.project_id AND place.group_id = held.group_id
    WHERE held.project_id = ends.project_id AND ends.group_id = ANY(place.path)
  ))`;

/** $1 now, $2 before, $3 project, $4 tenant. */
const ASKED = `
  ends.valid_until > $1 AND ($2::timestamptz IS NULL OR ends.valid_until < $2)
  AND ($3::text IS NULL OR ends.project_id = $3)
  AND ($4::text IS NULL OR ends.project_id IN (SELECT project_id FROM licensing.project WHERE tenant_id = $4))`;

/** The first instant from a place on: the indexes are in the order of time. */
const firstFrom = (place: string): string => `
  SELECT found.valid_until, found.project_id, ${whole('found')} AS whole FROM (
    (SELECT ends.valid_until, ends.project_id FROM licensing.allotment ends
     WHERE (ends.valid_until, ends.project_id) ${place} AND ${ASKED} AND (${whole('ends')} OR ${concerned('$8::text[]', '$9::text[]')})
       AND ($13::text IS NULL OR ${concerned('ARRAY[$3::text]', 'ARRAY[$13::text]')})
     ORDER BY ends.valid_until, ends.project_id LIMIT 1)
    UNION ALL
    (SELECT ends.valid_until, ends.project_id FROM licensing.license ends
     WHERE ends.revoked_reason IS NULL AND (ends.valid_until, ends.project_id) ${place} AND ${ASKED}
       AND (${whole('ends')} OR ends.project_id = ANY($8::text[]))
     ORDER BY ends.valid_until, ends.project_id LIMIT 1)
  ) AS found ORDER BY found.valid_until, found.project_id LIMIT 1`;

/** $10, $11 the place to begin at, $12 how many, $13 the group asked for. However much ends at one instant, it is one step along an index. */
const INSTANTS = `
  WITH RECURSIVE instant AS (
    (${firstFrom('>= ($10::timestamptz, $11::text)')})
    UNION ALL
    SELECT following.* FROM instant
    CROSS JOIN LATERAL (${firstFrom('> (instant.valid_until, instant.project_id)')}) AS following
  )
  SELECT valid_until, project_id, whole FROM instant LIMIT $12`;

/** When something ends in which project, in the order of time. */
@Injectable()
export class ProjectEnds {
  constructor(private readonly rows: TenantRows) {}

  async from(
    place: { readonly validUntil: number; readonly projectId: string },
    { accessFilter, projectId, tenantId, groupId, now, before }: EndsWanted,
    { by, atMost }: { readonly by: Principal; readonly atMost: number },
  ): Promise<readonly ProjectEnd[]> {
    const { tenantIds = [], partnerIds = [], groups = [] } = accessFilter ?? {};
    const held = [groups.map((group) => group.projectId), groups.map((group) => group.groupId)];
    const parameters = [
      isoOf(now),
      isoOrNull(before),
      projectId ?? null,
      tenantId ?? null,
      accessFilter !== null,
      tenantIds,
      partnerIds,
      ...held,
      isoOf(place.validUntil),
      place.projectId,
      atMost,
      groupId ?? null,
    ];
    const rows = await this.rows.as(by, 'licenses:read', (tx) => tx.query<Row[]>(INSTANTS, parameters));
    return rows.map((row) => ({
      validUntil: row.valid_until.getTime(),
      projectId: row.project_id,
      whole: row.whole,
    }));
  }
}
