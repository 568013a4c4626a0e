import type { AccessFilter } from '@allotree/contracts';
import { Brackets, type ObjectLiteral, type SelectQueryBuilder } from 'typeorm';

/** The columns that locate the rows of a list, as expressions of the query. */
export interface OwnershipColumns {
  readonly tenant: string;
  readonly partner?: string;
  /** Only for rows that can be seen from any group of their project. */
  readonly project?: string;
}

/** Restricts a list to the rows where the caller holds the permission. `null`: everything. */
export function applyAccessFilter<Row extends ObjectLiteral>(
  query: SelectQueryBuilder<Row>,
  accessFilter: AccessFilter | null,
  { tenant, partner, project }: OwnershipColumns,
): SelectQueryBuilder<Row> {
  if (accessFilter === null) return query;
  const projectIds = [...new Set(accessFilter.groups.map(({ projectId }) => projectId))];
  return query.andWhere(
    new Brackets((any) => {
      any.where(`${tenant} = ANY(:accessibleTenants)`, { accessibleTenants: accessFilter.tenantIds });
      if (partner !== undefined)
        any.orWhere(`${partner} = ANY(:accessiblePartners)`, { accessiblePartners: accessFilter.partnerIds });
      if (project !== undefined)
        any.orWhere(`${project} = ANY(:accessibleProjects)`, { accessibleProjects: projectIds });
    }),
  );
}
