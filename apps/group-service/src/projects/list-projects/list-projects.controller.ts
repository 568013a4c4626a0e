import { Controller, Get, Param, Query } from '@nestjs/common';
import {
  ProjectDetails,
  ProjectPage,
  PROJECTS,
  ProjectsQuery,
  type PageOf,
  type ProjectItem,
} from '@allotree/contracts';
import { Caller, Documented, Permit } from '@allotree/http';
import { applyFilter, columnsOf, pageOfNamedRows } from '@allotree/read-models';
import { PermissionChecker, applyAccessFilter, TenantRows } from '@allotree/identity';
import { Freshness } from '../../freshness.js';
import { ProjectPath } from '../../paths.js';
import { ProjectRow } from '../../persistence/entities.js';
import { PROJECT_EXAMPLE, Projects } from '../projects.js';
import { closingStatusOf, CLOSING_STATUS } from '../../closing-status.js';
import { TREE_VIEW } from '../../views.js';

const show = ({ createdAt, closedReason, ordinal: _, ...row }: ProjectRow): ProjectItem => ({
  ...row,
  ...closingStatusOf(closedReason),
  createdAt: createdAt.toISOString(),
});

const COLUMNS = columnsOf(PROJECTS.filters, { status: CLOSING_STATUS });

@Controller('projects')
export class ListProjectsController {
  constructor(
    private readonly rows: TenantRows,
    private readonly projects: Projects,
    private readonly freshness: Freshness,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Documented({
    tag: 'Projects',
    summary: 'List projects in order of creation',
    response: {
      schema: ProjectPage,
      example: { items: [{ ...PROJECT_EXAMPLE, createdAt: '2026-06-01T08:00:00.000Z' }], nextCursor: null },
    },
    list: PROJECTS,
    problems: ['VALIDATION'],
  })
  @Permit('projects:read')
  @Get()
  async list(
    @Query({ schema: ProjectsQuery }) query: ProjectsQuery,
    @Caller() caller: Caller,
  ): Promise<PageOf<ProjectItem>> {
    await this.freshness.of(TREE_VIEW);
    const { principal } = caller;
    const accessFilter = await this.permissionChecker.accessFilter(principal, 'projects:read');
    return this.rows.as(principal, 'projects:read', (tx) => {
      const rows = tx.createQueryBuilder(ProjectRow, 'row');
      applyAccessFilter(rows, accessFilter, {
        tenant: 'row.tenantId',
        partner: 'row.partnerId',
        project: 'row.projectId',
      });
      if (query.partnerId !== undefined) rows.andWhere('row.partnerId = :partnerId', { partnerId: query.partnerId });
      if (query.status !== undefined) rows.andWhere(`row.closedReason IS ${query.status === 'open' ? '' : 'NOT '}NULL`);
      applyFilter(rows, query.filter, COLUMNS);
      return pageOfNamedRows(rows, query, show);
    });
  }

  @Documented({
    tag: 'Projects',
    summary: 'Show a project',
    response: { schema: ProjectDetails, example: PROJECT_EXAMPLE },
    problems: ['VALIDATION', 'NOT_FOUND'],
    revised: true,
  })
  @Permit('projects:read', { within: 'p' })
  @Get(':p')
  async one(@Param({ schema: ProjectPath }) { p }: ProjectPath, @Caller() caller: Caller): Promise<ProjectDetails> {
    return this.projects.show(p, caller);
  }
}
