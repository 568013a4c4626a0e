import { Controller, Get, Param, Query } from '@nestjs/common';
import { USAGE_PERIODS, UsagePeriodsAnswer, UsagePeriodsQuery, type PageOf } from '@allotree/contracts';
import { Caller, Documented, Permit, Problem } from '@allotree/http';
import { TenantRows } from '@allotree/identity';
import { applyFilter } from '@allotree/read-models';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { Freshness } from '../../freshness.js';
import { ProjectPath } from '../../paths.js';
import { UsagePeriodEntity } from '../../persistence/entities.js';
import { Projects } from '../../projects.js';
import { USAGE_PERIOD_EXAMPLE, USAGE_PERIODS_PROJECTION, usagePeriodOf } from '../usage-periods.js';

const COLUMNS = {
  periodId: 'period.periodId',
  from: 'period.from',
  until: 'period.until',
  interval: 'period.interval',
  anchorDay: 'period.anchorDay',
  timeZone: 'period.timeZone',
  paymentModel: 'period.paymentModel',
};

@Controller('projects/:p/usage-periods')
export class ListUsagePeriodsController {
  constructor(
    private readonly rows: TenantRows,
    private readonly projects: Projects,
    private readonly freshness: Freshness,
  ) {}

  @Get()
  @Permit('statements:read', { project: 'p' })
  @Documented({
    tag: 'billing',
    summary: 'The closed billing periods of a project with their use, newest first',
    description:
      'A period is closed at its end, and its totals never change. Integrals are whole numbers as text: divided by the length of the period in milliseconds, `unitMs` is the average number of units.',
    response: { schema: UsagePeriodsAnswer, example: { items: [USAGE_PERIOD_EXAMPLE], nextCursor: null } },
    list: USAGE_PERIODS,
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  async listUsagePeriods(
    @Param({ schema: ProjectPath }) { p }: ProjectPath,
    @Query({ schema: UsagePeriodsQuery }) query: UsagePeriodsQuery,
    @Caller() { principal }: Caller,
  ): Promise<PageOf<object>> {
    await this.projects.project(p);
    await this.freshness.of([USAGE_PERIODS_PROJECTION], p);
    // One row more than requested shows whether there is a next page.
    const found = await this.rows.as(principal, 'statements:read', (tx) =>
      periodsOf(tx, p, query)
        .limit(query.limit + 1)
        .getMany(),
    );
    const items = found.slice(0, query.limit);
    const last = items.at(-1);
    return {
      items: items.map(usagePeriodOf),
      nextCursor: found.length > query.limit && last ? String(last.until.getTime()) : null,
    };
  }
}

function periodsOf(
  tx: EntityManager,
  projectId: string,
  { cursor, filter, orderBy }: UsagePeriodsQuery,
): SelectQueryBuilder<UsagePeriodEntity> {
  const isAscending = orderBy.direction === 'asc';
  const periods = tx
    .createQueryBuilder(UsagePeriodEntity, 'period')
    .where('period.projectId = :projectId', { projectId })
    .orderBy('period.until', isAscending ? 'ASC' : 'DESC');
  applyFilter(periods, filter, COLUMNS);
  if (cursor !== undefined)
    periods.andWhere(`period.until ${isAscending ? '>' : '<'} :after`, { after: instantOf(cursor) });
  return periods;
}

function instantOf(cursor: string): Date {
  if (!/^\d{1,15}$/.test(cursor)) throw Problem.validation('cursor', 'must be the nextCursor of an earlier answer');
  return new Date(Number(cursor));
}
