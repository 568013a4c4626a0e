import type { AccessFilter, ProjectsUsageQuery } from '@allotree/contracts';
import { MAX_USAGE_PROJECTS } from '@allotree/contracts';
import type { Period } from '@allotree/domain';
import { notFound, Problem } from '@allotree/http';
import type { EntityManager } from 'typeorm';
import { REPORTING } from '../../tokens.js';

/** A project in reach. */
export interface UsedProject {
  readonly projectId: string;
  readonly partnerId: string;
  readonly name: string;
  readonly timeZone: string;
}

/** Whole projects alone: a permission at a group of one says nothing about the others. Parameters: $2 tenants, $3 partners, $4 projects. */
const inReach = (partner: string, project?: string): string =>
  `($2::text[] IS NULL OR tenant_id = ANY ($2) OR ${partner} = ANY ($3::text[])${project === undefined ? '' : ` OR ${project} = ANY ($4::text[])`})`;

/** As they were last before the end of the period, $1. $5: the partner of the projects, or one above it; or null. */
const PROJECTS = `
  WITH RECURSIVE named AS (
    SELECT $5::text AS partner_id
    UNION
    SELECT below.partner_id FROM ${REPORTING}.partner_version below JOIN named ON below.parent_partner_id = named.partner_id
    WHERE below.until_at IS NULL)
  SELECT * FROM (
    SELECT DISTINCT ON (project_id) project_id, partner_id, name, time_zone, tenant_id FROM ${REPORTING}.project_version
    WHERE from_at < $1::timestamptz ORDER BY project_id, from_at DESC) AS project
  WHERE ${inReach('partner_id', 'project_id')} AND ($5::text IS NULL OR partner_id IN (SELECT partner_id FROM named))
  ORDER BY project_id LIMIT ${MAX_USAGE_PROJECTS + 1}`;

const PARTNER = `
  SELECT FROM ${REPORTING}.partner_version WHERE partner_id = $1 AND ${inReach('partner_id')} LIMIT 1`;

interface ProjectRow {
  readonly project_id: string;
  readonly partner_id: string;
  readonly name: string;
  readonly time_zone: string;
}

/**
 * The projects whose use a caller may see, in the order of their ids.
 * @param accessFilter where the caller holds the permission; `null`: everywhere
 * @throws Problem where there are too many, or no such partner
 */
export async function projectsIn(
  tx: EntityManager,
  accessFilter: AccessFilter | null,
  { query: { partnerId }, period }: { readonly query: Pick<ProjectsUsageQuery, 'partnerId'>; readonly period: Period },
): Promise<readonly UsedProject[]> {
  const { places, roots } = placesOf(accessFilter);
  const until = new Date(period.until).toISOString();
  const rows: ProjectRow[] = await tx.query(PROJECTS, [until, ...places, roots, partnerId ?? null]);
  if (rows.length > MAX_USAGE_PROJECTS) {
    const limit = MAX_USAGE_PROJECTS.toLocaleString('en');
    throw Problem.validation(
      'partnerId',
      `must name a partner with at most ${limit} projects; there are more in reach`,
    );
  }
  if (rows.length === 0 && partnerId !== undefined) {
    const known: unknown[] = await tx.query(PARTNER, [partnerId, ...places]);
    if (known.length === 0) throw notFound('partner', partnerId);
  }
  return rows.map(({ project_id: projectId, partner_id, name, time_zone }) => ({
    projectId,
    partnerId: partner_id,
    name,
    timeZone: time_zone,
  }));
}

function placesOf(accessFilter: AccessFilter | null) {
  if (accessFilter === null) return { places: [null, []], roots: [] };
  const { tenantIds, partnerIds, groups } = accessFilter;
  const roots = groups.filter(({ projectId, groupId }) => projectId === groupId);
  return { places: [tenantIds, partnerIds], roots: roots.map(({ projectId }) => projectId) };
}

/** The names of partners, as they were last before an instant. */
export async function partnerNames(
  tx: EntityManager,
  partnerIds: readonly string[],
  until: number,
): Promise<Map<string, string>> {
  const rows: { partner_id: string; name: string }[] = await tx.query(
    `SELECT DISTINCT ON (partner_id) partner_id, name FROM ${REPORTING}.partner_version
     WHERE partner_id = ANY ($1) AND from_at < $2::timestamptz ORDER BY partner_id, from_at DESC`,
    [partnerIds, new Date(until).toISOString()],
  );
  return new Map(rows.map(({ partner_id, name }) => [partner_id, name]));
}
