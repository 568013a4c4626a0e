import { Body, Controller, Get, Param, Put, Query, Res } from '@nestjs/common';
import { CascadeQuery, RestrictionAnswer, SetRestrictionRequest } from '@allotree/contracts';
import { restrictionOf, restrictionSetting } from '@allotree/domain';
import { Caller, Documented, Permit, refuseReadOnlyChanges } from '@allotree/http';
import { PermissionChecker } from '@allotree/identity';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { answerTo } from '../../answer.js';
import { GroupPath } from '../../paths.js';
import { Projects } from '../../projects.js';
import { publicObject } from '../../public-json.js';
import { allotmentsOf, zoneFor } from '../allotments-of.js';

const EXAMPLE = {
  groupId: 'group-1',
  enabled: true,
  poolMode: 'shared',
  gracePeriodDays: 0,
  allotments: [
    {
      allotmentId: 'a7c1d3b2-0e4f-8a6b-9d5c-2b8f7e6a1c30',
      type: 'plus',
      units: { sip_number: 80, mobile_app: 60, ukey2: 5 },
      features: ['siri'],
      validFrom: '2026-06-01T00:00:00.000Z',
      validUntil: '2026-12-01T00:00:00.000Z',
      status: 'active',
    },
  ],
  reminder: { daysBefore: [30, 7], recurrence: 'weekly', recipients: 'administrators' },
};

@Controller('projects/:p/groups/:g/restriction')
export class RestrictionController {
  constructor(
    private readonly projects: Projects,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Put()
  @Permit('restrictions:manage', { project: 'p', group: 'g' })
  @Documented({
    tag: 'restrictions',
    summary: 'Set what a group and everything below it may use',
    description:
      'Replaces the whole section: an allotment that is left out is removed. `validUntil` as a date is the end of that day ' +
      'in the time zone of the project, `validFrom` its start. What groups below depend on is only taken with `?cascade=true`; ' +
      'A restriction set from above can be tightened from below, not loosened or switched off. ' +
      '`?dryRun=true` answers with the events and effects and records nothing.',
    body: {
      enabled: true,
      poolMode: 'shared',
      allotments: [
        {
          type: 'plus',
          units: { sip_number: 80, mobile_app: 60, ukey2: 5 },
          features: ['siri'],
          validUntil: '2026-11-30',
        },
      ],
      reminder: { daysBefore: [30, 7], recurrence: 'weekly' },
    },
    response: { schema: RestrictionAnswer, example: EXAMPLE },
    problems: [
      'VALIDATION',
      'NOT_FOUND',
      'PROJECT_CLOSED',
      'LIMIT_EXCEEDED',
      'SIP_BELOW_MOBILE',
      'PERIOD_OUTSIDE_PARENT',
      'FEATURE_NOT_AVAILABLE',
      'DESCENDANTS_AFFECTED',
      'SET_FROM_ABOVE',
      'CLOCK_BEHIND',
      'STALE_REVISION',
    ],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  async setRestriction(
    @Param({ schema: GroupPath }) { p, g }: GroupPath,
    @Query({ schema: CascadeQuery }) { cascade }: z.infer<typeof CascadeQuery>,
    @Body({ schema: SetRestrictionRequest }) body: SetRestrictionRequest,
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    refuseReadOnlyChanges(body, { groupId: g });
    const { enabled, poolMode, gracePeriodDays, reminder } = body;
    const allotments = allotmentsOf(body, await zoneFor(this.projects, p, [body]));
    const newIds = allotments.map((_, index) => caller.newId(`allotment ${index}`));
    const group = { kind: 'group', projectId: p, groupId: g } as const;
    const authority = () => this.permissionChecker.authority(caller.principal, 'restrictions:manage', group);
    const settings = { enabled, poolMode, gracePeriodDays, reminder, allotments };
    const request = { type: 'SetRestriction', groupId: g, ...settings, newIds, cascade } as const;
    const done = await this.projects.run(p, async () => ({ ...request, authority: await authority() }), caller);
    if (caller.dryRun) return answerTo(caller, reply, done, {});
    // Body and ETag out of one state, should somebody have changed it meanwhile.
    const { restriction, revision } = await this.restriction(p, g);
    return answerTo(caller, reply, { ...done, revision }, restriction);
  }

  @Get()
  @Permit('restrictions:read', { project: 'p', group: 'g' })
  @Documented({
    tag: 'restrictions',
    summary: 'The Licenses section of a group',
    description: 'Disabled: no limit of its own; every group above it still binds.',
    response: { schema: RestrictionAnswer, example: EXAMPLE },
    problems: ['NOT_FOUND'],
  })
  async showRestriction(@Param({ schema: GroupPath }) { p, g }: GroupPath, @Caller() caller: Caller): Promise<object> {
    const { restriction, revision } = await this.restriction(p, g);
    caller.answerRevision(revision);
    return restriction;
  }

  private restriction(projectId: string, groupId: string): Promise<{ restriction: object; revision: number }> {
    return this.projects.look(projectId, groupId, (state, now, { revisionOf }) => {
      const view = restrictionOf(state, groupId, now);
      return view && { restriction: publicObject(view), revision: revisionOf(restrictionSetting(groupId)) };
    });
  }
}
