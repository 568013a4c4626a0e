import { Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApplyPlanAnswer } from '@allotree/contracts';
import { Caller, Documented, Permit } from '@allotree/http';
import { PlanPath } from '../../paths.js';
import { PLAN_EXAMPLE, PlanRows } from '../plan-rows.js';
import { ApplyPlan } from './apply-plan.js';

@Controller('projects/:p/plans/:planId/apply')
export class ApplyPlanController {
  constructor(
    private readonly rows: PlanRows,
    private readonly plans: ApplyPlan,
  ) {}

  @Documented({
    tag: 'Plans',
    summary: 'Apply a plan, or go on with one',
    description:
      'Groups first, in one decision; then devices, Licenses sections (one decision for up to 10,000) and units in use (up to 1,000 at once). `applying` means that there is more to do: send the request again, also after an answer was lost or the system was interrupted. It is repeated without an `Idempotency-Key`: a plan does everything once. `STALE_PLAN` where the project has changed so that the plan would be another one now; `PLAN_HALTED` names what was done and how to go back.',
    response: {
      schema: ApplyPlanAnswer,
      example: {
        planId: PLAN_EXAMPLE.planId,
        status: 'applied',
        summary: PLAN_EXAMPLE.summary,
        progress: { phase: 'done', done: 0, total: 0 },
      },
    },
    problems: ['VALIDATION', 'NOT_FOUND', 'PROJECT_CLOSED', 'STALE_PLAN', 'PLAN_REFUSED', 'PLAN_HALTED', 'OVERLOADED'],
    idempotent: true,
  })
  @Permit('groups:read', { within: 'p' })
  @HttpCode(200)
  @Post()
  async apply(
    @Param({ schema: PlanPath }) { p, planId }: PlanPath,
    @Caller() caller: Caller,
  ): Promise<ApplyPlanAnswer> {
    return this.plans.apply(await this.rows.find(p, planId, caller.principal), caller);
  }
}
