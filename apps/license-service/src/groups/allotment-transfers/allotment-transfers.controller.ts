import { Body, Controller, HttpCode, HttpStatus, Param, Post, Query, Res } from '@nestjs/common';
import { CascadeQuery, TransferAllotmentsRequest } from '@allotree/contracts';
import { Caller, Documented, Permit } from '@allotree/http';
import { PermissionChecker } from '@allotree/identity';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { answerTo } from '../../answer.js';
import { ProjectPath } from '../../paths.js';
import { Projects } from '../../projects.js';

@Controller('projects/:p/allotment-transfers')
export class AllotmentTransfersController {
  constructor(
    private readonly projects: Projects,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Post()
  @HttpCode(HttpStatus.NO_CONTENT)
  @Permit('restrictions:manage', { project: 'p', group: 'body.fromGroupId' })
  @Documented({
    tag: 'restrictions',
    summary: 'Move units from one restricted group to another',
    description: 'They leave the allotments in force of the source, newest first, and keep their type and term.',
    body: {
      fromGroupId: 'group-1',
      toGroupId: 'group-2',
      units: { sip_number: 10, mobile_app: 10 },
      reason: 'Building B was finished first',
    },
    problems: [
      'VALIDATION',
      'NOT_FOUND',
      'PROJECT_CLOSED',
      'LIMIT_EXCEEDED',
      'SIP_BELOW_MOBILE',
      'DESCENDANTS_AFFECTED',
      'SET_FROM_ABOVE',
      'CLOCK_BEHIND',
      'STALE_REVISION',
    ],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  async transferAllotments(
    @Param({ schema: ProjectPath }) { p }: ProjectPath,
    @Query({ schema: CascadeQuery }) { cascade }: z.infer<typeof CascadeQuery>,
    @Body({ schema: TransferAllotmentsRequest }) body: TransferAllotmentsRequest,
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object | undefined> {
    const target = { kind: 'group', projectId: p, groupId: body.toGroupId } as const;
    await this.permissionChecker.demand(caller.principal, 'restrictions:manage', target);
    // Allotments get this id and a number behind it, which together must stay within the length of an id.
    const newId = caller.newId('transfer');
    const request = { type: 'TransferAllotments', ...body, newId, cascade } as const;
    const done = await this.projects.run(
      p,
      async () => ({ ...request, ...(await this.authorities(p, body, caller)) }),
      caller,
    );
    const answer = answerTo(caller, reply, done, {});
    return caller.dryRun ? answer : undefined;
  }

  private async authorities(projectId: string, { fromGroupId, toGroupId }: TransferAllotmentsRequest, caller: Caller) {
    const at = (groupId: string) =>
      this.permissionChecker.authority(caller.principal, 'restrictions:manage', { kind: 'group', projectId, groupId });
    const [authority, toAuthority] = await Promise.all([at(fromGroupId), at(toGroupId)]);
    return { authority, toAuthority };
  }
}
