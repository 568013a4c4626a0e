import { Body, Controller, HttpCode, HttpStatus, Param, Post, Query, Res } from '@nestjs/common';
import { DryRun, ReleaseAssignmentsRequest, ReleasesAnswer } from '@allotree/contracts';
import { Caller, Documented, Permit } from '@allotree/http';
import { PermissionChecker } from '@allotree/identity';
import type { FastifyReply } from 'fastify';
import { answerTo } from '../../answer.js';
import { effectsOf } from '../../effects.js';
import { ProjectPath } from '../../paths.js';
import { Projects } from '../../projects.js';

const ID = '5e0f6a8c-8a5d-8c0b-b3a4-9c1d2e3f4a5b';

@Controller('projects/:p/releases')
export class ReleaseUnitsController {
  constructor(
    private readonly projects: Projects,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Post()
  @HttpCode(HttpStatus.OK)
  @Permit('assignments:manage', { within: 'p' })
  @Documented({
    tag: 'assignments',
    summary: 'Give many units back',
    description:
      'Up to 1,000 assignments of any groups of the project, all or none. A virtual number can be released together with ' +
      'the mobile app that is paired with it. Suspended assignments for which there is room afterwards return at once.',
    body: { assignmentIds: [ID] },
    response: {
      schema: ReleasesAnswer,
      example: {
        released: 1,
        effects: {
          suspended: [],
          reinstated: [],
          released: [{ groupId: 'group-1', resource: 'sip_number', count: 1 }],
          clamped: [],
        },
      },
    },
    problems: ['VALIDATION', 'NOT_FOUND', 'PROJECT_CLOSED', 'BATCH_REFUSED', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  async releaseUnits(
    @Param({ schema: ProjectPath }) { p }: ProjectPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: ReleaseAssignmentsRequest }) { assignmentIds }: ReleaseAssignmentsRequest,
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const authorities = () => this.permissionChecker.authorities(caller.principal, 'assignments:manage', p);
    const request = { type: 'ReleaseAssignments', assignmentIds } as const;
    const done = await this.projects.run(p, async () => ({ ...request, authorities: await authorities() }), caller);
    return answerTo(caller, reply, done, { released: assignmentIds.length, effects: effectsOf(done.events) });
  }
}
