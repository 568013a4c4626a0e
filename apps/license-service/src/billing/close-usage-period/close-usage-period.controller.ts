import { Body, Controller, Param, Post, Query, Res } from '@nestjs/common';
import { CloseUsagePeriodRequest, DryRun, UsagePeriod } from '@allotree/contracts';
import { Caller, Documented, notFound, Permit } from '@allotree/http';
import { TenantRows } from '@allotree/identity';
import type { FastifyReply } from 'fastify';
import { answerTo } from '../../answer.js';
import { Freshness } from '../../freshness.js';
import { ProjectPath } from '../../paths.js';
import { UsagePeriodEntity } from '../../persistence/entities.js';
import { Projects } from '../../projects.js';
import { USAGE_PERIOD_EXAMPLE, USAGE_PERIODS_PROJECTION, usagePeriodOf } from '../usage-periods.js';

@Controller('projects/:p/usage-periods')
export class CloseUsagePeriodController {
  constructor(
    private readonly rows: TenantRows,
    private readonly projects: Projects,
    private readonly freshness: Freshness,
  ) {}

  @Post()
  @Permit('billing:manage', { project: 'p' })
  @Documented({
    tag: 'billing',
    summary: 'Close a billing period that is over, at once',
    description:
      'Periods are closed automatically within seconds of their end, so this is for callers that need the totals at once. For a closed period the answer is the same.',
    body: { periodId: USAGE_PERIOD_EXAMPLE.periodId },
    response: { status: 201, schema: UsagePeriod, example: USAGE_PERIOD_EXAMPLE },
    problems: ['VALIDATION', 'NOT_FOUND', 'PERIOD_NOT_OVER', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  async closeUsagePeriod(
    @Param({ schema: ProjectPath }) { p }: ProjectPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: CloseUsagePeriodRequest }) { periodId }: CloseUsagePeriodRequest,
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    await this.projects.caughtUp(p);
    const done = await this.projects.run(p, { type: 'CloseUsagePeriod', periodId }, caller);
    if (caller.dryRun) return answerTo(caller, reply, done, {});
    await this.freshness.of([USAGE_PERIODS_PROJECTION], p);
    const row = await this.rows.as(caller.principal, 'billing:manage', (tx) =>
      tx.findOneBy(UsagePeriodEntity, { projectId: p, periodId }),
    );
    if (!row) throw notFound('usage period', periodId);
    return answerTo(caller, reply, done, usagePeriodOf(row));
  }
}
