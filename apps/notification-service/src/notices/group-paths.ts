import type { EntityManager } from 'typeorm';
import { ADMINISTRATORS, type GroupPath, type Member, type Person } from './recipients.js';

export interface GroupKey {
  readonly projectId: string;
  readonly groupId: string;
}

interface PathRow extends Member {
  readonly project_id: string;
  readonly asked_id: string;
  readonly name: string;
  readonly removed: boolean;
  readonly members: readonly Member[];
}

interface PartnerRow {
  readonly project_id: string;
  readonly email: string;
  readonly name: string;
  readonly userId: string | null;
}

/** Whether an account is known to be deactivated: who cannot sign in is no recipient (E5). */
const isDeactivated = (userId: string): string =>
  `EXISTS (SELECT FROM notifications.account WHERE account.user_id = ${userId} AND NOT account.active)`;

const PATHS = `
  WITH RECURSIVE asked AS (
    SELECT DISTINCT given.project_id, given.group_id FROM unnest($1::text[], $2::text[]) AS given (project_id, group_id)
  ), path AS (
    SELECT node.project_id, node.group_id AS asked_id, node.group_id, node.parent_id, node.name, node.removed, 0 AS distance
    FROM asked JOIN notifications.group_node node USING (project_id, group_id)
    UNION ALL
    SELECT path.project_id, path.asked_id, node.group_id, node.parent_id, node.name, node.removed, path.distance + 1
    FROM path JOIN notifications.group_node node
      ON node.project_id = path.project_id AND node.group_id = path.parent_id
    WHERE path.distance < 40
  )
  SELECT path.project_id, path.asked_id, path.name, path.removed,
    coalesce((
      SELECT json_agg(json_build_object('email', member.email, 'name', member.name, 'role', member.role, 'userId', member.user_id)
        ORDER BY member.member_id)
      FROM notifications.member
      WHERE member.project_id = path.project_id AND member.group_id = path.group_id
        AND NOT member.removed AND NOT ${isDeactivated('member.user_id')}
        AND (path.distance = 0 OR member.role = ANY ($3))
    ), '[]') AS members
  FROM path ORDER BY path.project_id, path.asked_id, path.distance`;

/** The project's own partner before the tenant's. */
const PARTNERS = `
  SELECT project.project_id, partner.administrator_email AS email, partner.administrator_name AS name,
    partner.administrator_id AS "userId"
  FROM notifications.project
  JOIN notifications.partner ON partner.partner_id IN (project.partner_id, project.tenant_id)
  WHERE project.project_id = ANY ($1) AND partner.administrator_email IS NOT NULL
    AND NOT ${isDeactivated('partner.administrator_id')}
  ORDER BY project.project_id, (partner.partner_id = project.partner_id) DESC`;

const keyOf = (projectId: string, groupId: string): string => `${projectId}\n${groupId}`;

/** The paths of these groups, as far as they are known; asked for with the same key. */
export async function groupPaths(
  tx: EntityManager,
  asked: readonly GroupKey[],
): Promise<(group: GroupKey) => GroupPath | undefined> {
  const projects = asked.map(({ projectId }) => projectId);
  const rows: PathRow[] = await tx.query(PATHS, [projects, asked.map(({ groupId }) => groupId), ADMINISTRATORS]);
  const partnerRows: PartnerRow[] = await tx.query(PARTNERS, [[...new Set(projects)]]);
  const partners = new Map<string, Person[]>();
  for (const { project_id, ...person } of partnerRows) {
    partners.set(project_id, [...(partners.get(project_id) ?? []), person]);
  }
  const paths = new Map<string, { groups: PathRow[]; partners: Person[] }>();
  for (const row of rows) {
    const key = keyOf(row.project_id, row.asked_id);
    const path = paths.get(key) ?? { groups: [], partners: partners.get(row.project_id) ?? [] };
    path.groups.push(row);
    paths.set(key, path);
  }
  return ({ projectId, groupId }) => paths.get(keyOf(projectId, groupId));
}
