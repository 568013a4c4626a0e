import { Injectable } from '@nestjs/common';
import type { Expiry, Extent, PageOf } from '@allotree/contracts';
import { Problem, TenantRows, type Principal } from '@allotree/platform';
import { dateAt, daysBetween, lastDayOf } from '@allotree/domain';
import { isoOf, isoOrNull } from '../persistence/columns.js';

/** One project, all projects of a tenant, or everything; of that what lies where somebody may see it (`null`: all). */
export interface Scope {
  readonly extent: Extent | null;
  readonly projectId?: string;
  readonly tenantId?: string;
}

export interface Wanted extends Scope {
  /** Instants in milliseconds. */
  readonly now: number;
  readonly before: number | null;
  readonly limit: number;
  readonly cursor: string | undefined;
}

interface Row {
  readonly project_id: string;
  readonly project_name: string;
  readonly time_zone: string;
  readonly group_id: string;
  readonly group_name: string;
  readonly what: Expiry['what'];
  readonly id: string;
  readonly type: Expiry['type'];
  readonly sip_number: string | null;
  readonly mobile_app: string | null;
  readonly ukey2: string | null;
  readonly valid_until: Date;
}

/** $10 whether only some may be seen: those of the tenants $11, of the partners $12, of the groups $14 of the projects $13 and below. */
const reached = (ends: string, group: string): string => `
  (NOT $10 OR EXISTS (
    SELECT FROM licensing.access_project home WHERE home.project_id = ${ends}.project_id
      AND (home.tenant_id = ANY($11::text[]) OR home.partner_id = ANY($12::text[]))
  ) OR EXISTS (
    SELECT FROM licensing.license_group place JOIN unnest($13::text[], $14::text[]) AS held(project_id, group_id)
      ON held.project_id = place.project_id AND held.group_id = ANY(place.path)
    WHERE place.project_id = ${ends}.project_id AND place.group_id = ${group}
  ))`;

/** $1 now, $2 before, $3 project, $4 tenant, $5-$8 the place after which to go on, $9 how many, $10-$14 what may be seen. */
const within = (ends: string, group: string, place: string): string => `
  ${reached(ends, group)} AND
  ${ends}.valid_until > $1 AND ($2::timestamptz IS NULL OR ${ends}.valid_until < $2)
  AND ($3::text IS NULL OR ${ends}.project_id = $3)
  AND ($4::text IS NULL OR ${ends}.project_id IN (SELECT project_id FROM licensing.due_project WHERE tenant_id = $4))
  AND ($5::timestamptz IS NULL OR (${place}) > ($5, $6::text, $7::text, $8::text))
  ORDER BY ${place} LIMIT $9`;

const IN_SIGHT = `
  SELECT ends.*, project.time_zone, project_group.name AS project_name, place.name AS group_name
  FROM (
    (SELECT 'allotment' AS what, a.valid_until, a.project_id, a.group_id, a.allotment_id AS id, a.type,
            a.sip_number, a.mobile_app, a.ukey2
     FROM licensing.allotment a JOIN licensing.restriction r USING (project_id, group_id)
     WHERE r.enabled AND ${within('a', 'a.group_id', 'a.valid_until, a.project_id, a.group_id, a.allotment_id')})
    UNION ALL
    (SELECT 'license', l.valid_until, l.project_id, l.project_id, l.license_id, l.type, l.sip_number, l.mobile_app, l.ukey2
     FROM licensing.license l
     WHERE l.revoked_reason IS NULL AND ${within('l', 'l.project_id', 'l.valid_until, l.project_id, l.project_id, l.license_id')})
  ) AS ends
  JOIN licensing.due_project project USING (project_id)
  JOIN licensing.license_group project_group
    ON project_group.project_id = ends.project_id AND project_group.group_id = ends.project_id
  JOIN licensing.license_group place ON place.project_id = ends.project_id AND place.group_id = ends.group_id
  ORDER BY ends.valid_until, ends.project_id, ends.group_id, ends.id LIMIT $9`;

/** Allotments and licenses whose end is still to come, in the order of time. */
@Injectable()
export class EndsInSight {
  constructor(private readonly rows: TenantRows) {}

  /** @throws Problem when the cursor is none of ours */
  async page(
    { projectId, tenantId, extent, now, before, limit, cursor }: Wanted,
    by: Principal,
  ): Promise<PageOf<Expiry>> {
    const parameters = [
      isoOf(now),
      isoOrNull(before),
      projectId ?? null,
      tenantId ?? null,
      ...placeOf(cursor),
      // One more than asked for tells whether there is a next page.
      limit + 1,
      ...reachedBy(extent),
    ];
    const rows = await this.rows.as(by, 'licenses:read', (tx) => tx.query<Row[]>(IN_SIGHT, parameters));
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    return {
      items: shown.map((row) => expiryOf(row, now)),
      nextCursor: rows.length > limit && last ? cursorOf(last) : null,
    };
  }
}

const reachedBy = (extent: Extent | null): unknown[] => {
  const { tenantIds = [], partnerIds = [], groups = [] } = extent ?? {};
  const projects = groups.map(({ projectId }) => projectId);
  return [extent !== null, tenantIds, partnerIds, projects, groups.map(({ groupId }) => groupId)];
};

const cursorOf = ({ valid_until, project_id, group_id, id }: Row): string =>
  [valid_until.getTime(), project_id, group_id, id].join('.');

function placeOf(cursor: string | undefined): (string | null)[] {
  if (cursor === undefined) return [null, null, null, null];
  const [, until, ...place] = /^(\d{1,15})\.([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(cursor) ?? [];
  if (until === undefined) throw Problem.validation('cursor', 'must be the nextCursor of an earlier answer');
  return [isoOf(Number(until)), ...place];
}

const limitOf = (units: string | null): number | null => (units === null ? null : Number(units));

function expiryOf(row: Row, now: number): Expiry {
  const zone = row.time_zone;
  const lastDay = lastDayOf(row.valid_until.getTime(), zone);
  return {
    projectId: row.project_id,
    projectName: row.project_name,
    timeZone: zone,
    groupId: row.group_id,
    groupName: row.group_name,
    what: row.what,
    id: row.id,
    type: row.type,
    units: { sip_number: limitOf(row.sip_number), mobile_app: limitOf(row.mobile_app), ukey2: limitOf(row.ukey2) },
    validUntil: row.valid_until.toISOString(),
    lastDay,
    daysLeft: daysBetween(dateAt(now, zone), lastDay),
  };
}
