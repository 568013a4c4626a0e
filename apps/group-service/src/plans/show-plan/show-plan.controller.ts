import { Controller, Get, Param } from '@nestjs/common';
import { PlanAnswer } from '@allotree/contracts';
import { Caller, Documented, Permit } from '@allotree/http';
import { PlanPath } from '../../paths.js';
import { PLAN_EXAMPLE, planAnswer, PlanRows } from '../plan-rows.js';

@Controller('projects/:p/plans/:planId')
export class ShowPlanController {
  constructor(private readonly rows: PlanRows) {}

  @Documented({
    tag: 'Plans',
    summary: 'Show a plan and how far it was applied',
    response: { schema: PlanAnswer, example: PLAN_EXAMPLE },
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  @Permit('groups:read', { within: 'p' })
  @Get()
  async show(@Param({ schema: PlanPath }) { p, planId }: PlanPath, @Caller() caller: Caller): Promise<PlanAnswer> {
    return planAnswer(await this.rows.find(p, planId, caller.principal));
  }
}
