import { Body, Controller, Param, Put, Query, Res } from '@nestjs/common';
import { inSlices } from '@allotree/basics';
import { CascadeQuery, RestrictionsAnswer, SetRestrictionsRequest } from '@allotree/contracts';
import { Caller, Documented, LargeBody, Permit } from '@allotree/http';
import { PermissionChecker } from '@allotree/identity';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { answerTo } from '../../answer.js';
import { effectsOf } from '../../effects.js';
import { ProjectPath } from '../../paths.js';
import { Projects } from '../../projects.js';
import { zoneFor } from '../allotments-of.js';
import { restrictionInputs } from '../restriction-inputs.js';

const section = (groupId: string, sip_number: number) => ({
  groupId,
  enabled: true,
  allotments: [{ type: 'plus', units: { sip_number }, validUntil: '2026-11-30' }],
});

@Controller('projects/:p/restrictions')
export class SetRestrictionsController {
  constructor(
    private readonly projects: Projects,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Put()
  @LargeBody()
  @Permit('restrictions:manage', { within: 'p' })
  @Documented({
    tag: 'restrictions',
    summary: 'Set what many groups and everything below them may use',
    description:
      'Up to 10,000 sections, decided on the state after all of them: their order changes nothing, and a parent and its ' +
      'child can be raised or lowered together. All are recorded or none; `BATCH_REFUSED` names every item that was refused. ' +
      '`?cascade=true` clamps groups below that the request does not name. The `ETag` is that of the whole project.',
    body: { restrictions: [section('group-1', 80), section('group-2', 20)] },
    response: {
      schema: RestrictionsAnswer,
      example: {
        changed: 2,
        unchanged: 0,
        effects: { suspended: [], reinstated: [], released: [], clamped: [] },
      },
    },
    problems: ['VALIDATION', 'NOT_FOUND', 'PROJECT_CLOSED', 'BATCH_REFUSED', 'CLOCK_BEHIND', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  async setRestrictions(
    @Param({ schema: ProjectPath }) { p }: ProjectPath,
    @Query({ schema: CascadeQuery }) { cascade }: z.infer<typeof CascadeQuery>,
    @Body({ schema: SetRestrictionsRequest }) body: SetRestrictionsRequest,
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const zone = await zoneFor(this.projects, p, body.restrictions);
    const restrictions = await inSlices(restrictionInputs(body, zone, caller));
    const request = { type: 'SetRestrictions', restrictions, cascade } as const;
    const authorities = () => this.permissionChecker.authorities(caller.principal, 'restrictions:manage', p);
    const done = await this.projects.run(p, async () => ({ ...request, authorities: await authorities() }), caller);
    const changed = done.events.filter(({ type }) => type === 'RestrictionChanged').length;
    const unchanged = restrictions.length - changed;
    return answerTo(caller, reply, done, { changed, unchanged, effects: effectsOf(done.events) });
  }
}
