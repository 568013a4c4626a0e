import { Controller, Get, Query } from '@nestjs/common';
import { ProjectsUsageAnswer, ProjectsUsageQuery } from '@allotree/contracts';
import { Clock } from '@allotree/basics';
import { Caller, Documented, Permit } from '@allotree/http';
import { PermissionChecker, TenantRows } from '@allotree/identity';
import { periodOf } from '../asked.js';
import { DAY, MEASURES_IN_WORDS, WINDOWS_IN_WORDS } from '../measures-answer.js';
import { projectsIn } from './projects.js';
import { useOverProjects } from './use-over-projects.js';

@Controller('usage')
export class ProjectsUsageController {
  constructor(
    private readonly rows: TenantRows,
    private readonly permissionChecker: PermissionChecker,
    private readonly clock: Clock,
  ) {}

  @Get()
  @Permit('quotas:read')
  @Documented({
    tag: 'reporting',
    summary: 'Measure how many units whole projects used in a period, by project, partner or resource',
    description:
      `The use of every project in which the caller holds the permission as a whole, from \`from\` up to but not including \`to\`; \`partnerId\` selects those of a partner and of the partners below it. Each row is a project, all projects of a partner, or (\`groupBy=resource\`) all projects; the peak of several projects is the most that they used together at one instant. Before its creation a project used nothing. ${MEASURES_IN_WORDS} The capacity of several projects is their sum. ${WINDOWS_IN_WORDS} They are those of \`timeZone\` (default: UTC). ` +
      'At most 1,000 projects, and 500,000 changes where projects are measured together or `sustained` or `committed` is asked for.',
    response: {
      schema: ProjectsUsageAnswer,
      example: {
        timeZone: 'Europe/Berlin',
        items: [
          {
            resource: 'mobile_app',
            partnerId: 'nordlicht',
            projectId: 'hafenblick',
            name: 'Hafenblick',
            projectCount: 1,
            total: DAY,
            windows: [DAY],
          },
        ],
      },
    },
    problems: ['NOT_FOUND', 'VALIDATION'],
  })
  async show(
    @Query({ schema: ProjectsUsageQuery }) query: ProjectsUsageQuery,
    @Caller() { principal }: Caller,
  ): Promise<ProjectsUsageAnswer> {
    const period = periodOf(query, this.clock);
    const accessFilter = await this.permissionChecker.accessFilter(principal, 'quotas:read');
    const measured = async (tx: Parameters<typeof projectsIn>[0]): Promise<ProjectsUsageAnswer> =>
      useOverProjects(tx, { query, period, projects: await projectsIn(tx, accessFilter, { query, period }) });
    return this.rows.as(principal, 'quotas:read', measured, 'REPEATABLE READ');
  }
}
