import { Body, Controller, Param, Post } from '@nestjs/common';
import { LISTED_OPERATIONS, MakePlanRequest, PlanAnswer } from '@allotree/contracts';
import { Caller, Documented, LargeBody, Permit, WHOLE_PROJECT } from '@allotree/http';
import { ProjectPath } from '../../paths.js';
import { PLAN_EXAMPLE, planAnswer, PlanRows } from '../plan-rows.js';
import { Planner } from '../planner.js';

@Controller('projects/:p/plans')
export class MakePlanController {
  constructor(
    private readonly planner: Planner,
    private readonly rows: PlanRows,
  ) {}

  @Documented({
    tag: 'Plans',
    summary: 'Plan what brings a project to what a project file says',
    description:
      'Groups are found by their `key` (external id), else by their name below their parent; devices by serial number; units by external id, else by label and holder. Nothing is recorded: the plan lists what would be created, updated, moved and removed, and everything that would be refused, with the permissions of the caller. Without `prune` nothing is removed. Partners, licenses and refusals of the file are not part of a plan. The plan is kept for 24 hours, for its creator.',
    response: { status: 201, schema: PlanAnswer, example: PLAN_EXAMPLE },
    problems: ['VALIDATION', 'NOT_FOUND', 'PROJECT_CLOSED', 'OVERLOADED'],
    idempotent: true,
  })
  @Permit('groups:read', { within: 'p' })
  @LargeBody(WHOLE_PROJECT)
  @Post()
  async make(
    @Param({ schema: ProjectPath }) { p: projectId }: ProjectPath,
    @Body({ schema: MakePlanRequest }) { document, prune }: MakePlanRequest,
    @Caller() caller: Caller,
  ): Promise<PlanAnswer> {
    const planId = caller.newId('plan');
    const planned = await this.planner.plan({ projectId, planId, document, prune }, caller);
    const { plan, refusals, effects, revisions, tenantId, hash, operationKeys } = planned;
    const operations = plan.operations.slice(0, LISTED_OPERATIONS) as PlanAnswer['operations'];
    const content = {
      baseRevisions: revisions,
      summary: plan.summary,
      operations,
      omitted: plan.operations.length - operations.length,
      refusals: refusals as PlanAnswer['refusals'],
      effects,
      hash,
    };
    const { userId } = caller.principal;
    return planAnswer(
      await this.rows.keep({ planId, tenantId, projectId, userId, prune, document, content, operationKeys }),
    );
  }
}
