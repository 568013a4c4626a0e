import { Body, Controller, Param, Patch, Query, Res } from '@nestjs/common';
import { AssignmentsAnswer, ChangeAssignmentRequest, DryRun } from '@allotree/contracts';
import { assignmentsOf } from '@allotree/domain';
import { Caller, Documented, notFound, Permit, refuseReadOnlyChanges } from '@allotree/http';
import { concealingHolders, PermissionChecker } from '@allotree/identity';
import type { FastifyReply } from 'fastify';
import { answerTo } from '../../answer.js';
import { AssignmentPath } from '../../paths.js';
import { inGroup, Projects } from '../../projects.js';
import { publicObject } from '../../public-json.js';
import { ASSIGNMENT_EXAMPLE } from '../assignment-example.js';

@Controller('projects/:p/groups/:g/assignments/:a')
export class ChangeAssignmentController {
  constructor(
    private readonly projects: Projects,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Patch()
  @Permit('assignments:manage', { project: 'p', group: 'g' })
  @Documented({
    tag: 'assignments',
    summary: 'Change or remove the external id of an assignment',
    body: { externalId: 'ERP-4711' },
    response: {
      schema: AssignmentsAnswer.shape.items.element,
      example: ASSIGNMENT_EXAMPLE,
    },
    problems: ['VALIDATION', 'NOT_FOUND', 'PROJECT_CLOSED', 'EXTERNAL_ID_TAKEN', 'CLOCK_BEHIND', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  async changeAssignment(
    @Param({ schema: AssignmentPath }) path: AssignmentPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: ChangeAssignmentRequest }) { externalId, status: _, ...readOnly }: ChangeAssignmentRequest,
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const { p, g, a } = path;
    const { externalId: _former, status: _status, ...current } = await this.shown(path);
    refuseReadOnlyChanges(readOnly, current);
    const request = { type: 'SetAssignmentExternalId', assignmentId: a, groupId: g, externalId } as const;
    const done = await concealingHolders(this.permissionChecker, { principal: caller.principal, projectId: p }, () =>
      this.projects.run(p, request, caller),
    );
    return answerTo(caller, reply, done, caller.dryRun ? {} : await this.shown(path));
  }

  /** @throws Problem `NOT_FOUND` */
  private async shown({ p, g, a }: AssignmentPath): Promise<Record<string, unknown>> {
    const assignments = await this.projects.look(
      p,
      g,
      inGroup(g, (state, now) => assignmentsOf(state, g, now)),
    );
    const found = assignments.find(({ assignmentId }) => assignmentId === a);
    if (!found) throw notFound('assignment', a);
    return publicObject(found);
  }
}
