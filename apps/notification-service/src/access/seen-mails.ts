import { Injectable } from '@nestjs/common';
import type { Permission } from '@allotree/contracts';
import type { Principal } from '@allotree/http';
import { PermissionChecker } from '@allotree/identity';
import { Brackets, type SelectQueryBuilder } from 'typeorm';

/** Rows of mails, as `row` of a query. */
interface MailLike {
  readonly tenantId: string | null;
  readonly projectIds: string[];
  ordinal: string;
}

const PROJECTS = `ARRAY(
  SELECT project.project_id FROM notifications.access_project project
  WHERE project.partner_id = ANY(CAST(:accessiblePartners AS text[])) OR project.project_id = ANY(CAST(:accessibleProjects AS text[]))
)`;

/**
 * A mail belongs to a tenant, and to the projects it is about: it is seen where that is permitted in the tenant, or in each
 * of its projects as a whole.
 */
@Injectable()
export class SeenMails {
  constructor(private readonly permissionChecker: PermissionChecker) {}

  async only<Row extends MailLike>(
    query: SelectQueryBuilder<Row>,
    principal: Principal,
    permission: Permission,
  ): Promise<SelectQueryBuilder<Row>> {
    const accessFilter = await this.permissionChecker.accessFilter(principal, permission);
    if (accessFilter === null) return query;
    const roots = accessFilter.groups.filter(({ projectId, groupId }) => projectId === groupId);
    return query.andWhere(
      new Brackets((any) =>
        any
          .where('row.tenantId = ANY(:accessibleTenants)', { accessibleTenants: accessFilter.tenantIds })
          .orWhere(`(cardinality(row.projectIds) > 0 AND row.projectIds <@ ${PROJECTS})`, {
            accessiblePartners: accessFilter.partnerIds,
            accessibleProjects: roots.map(({ projectId }) => projectId),
          }),
      ),
    );
  }
}
