import { Body, Controller, Get, Param, Put, Query, Res } from '@nestjs/common';
import { DryRun, MemberQuotaAnswer, SetMemberLimitsRequest, withoutNeighbors } from '@allotree/contracts';
import { memberQuotaOf, type MemberQuota, memberLimitsSetting } from '@allotree/domain';
import { Caller, Documented, notFound, Permit, refuseReadOnlyChanges, type Principal } from '@allotree/http';
import { PermissionChecker, TenantRows } from '@allotree/identity';
import type { FastifyReply } from 'fastify';
import { answerTo } from '../../answer.js';
import { GroupFeed } from '../../feed/group-feed.js';
import { MemberPath } from '../../paths.js';
import { Projects } from '../../projects.js';

const resource = { limit: null, effectiveLimit: 4, limitedBy: { groupId: 'apartment-7', name: 'Apartment 7' } };
const OWN = {
  limit: 1,
  effectiveLimit: 1,
  limitedBy: { groupId: 'apartment-7', name: 'Apartment 7', userId: 'eva' },
};
const EXAMPLE = {
  groupId: 'apartment-7',
  userId: 'eva',
  limits: { sip_number: null, mobile_app: 1, ukey2: null },
  featuresOff: ['guest_access'],
  resources: {
    sip_number: { ...resource, consumed: 1, suspended: 0, available: 2 },
    mobile_app: { ...OWN, consumed: 1, suspended: 0, available: 0 },
    ukey2: { ...resource, effectiveLimit: 2, consumed: 0, suspended: 0, available: 2 },
  },
  features: { on: ['siri'], off: [{ feature: 'guest_access', limitedBy: OWN.limitedBy }] },
};

/** The limits of one person within those of the group. */
@Controller('projects/:p/groups/:g/members/:u')
export class MemberLimitsController {
  constructor(
    private readonly projects: Projects,
    private readonly rows: TenantRows,
    private readonly feed: GroupFeed,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Put('limits')
  @Permit('restrictions:manage', { project: 'p', group: 'g' })
  @Documented({
    tag: 'members',
    summary: 'Set what a member of a group may use at most in it and below it',
    description:
      'Only ever narrows: what the group has still binds. It holds for what is assigned with this user as its `holder`. ' +
      'Lowering takes nothing away that is held and grants nothing new until there is less; features are off at once. ' +
      'Limits set from above can be lowered from below, not raised. Empty limits leave the person to those of the group.',
    body: { limits: { mobile_app: 1 }, featuresOff: ['guest_access'] },
    response: { schema: MemberQuotaAnswer, example: EXAMPLE },
    problems: ['VALIDATION', 'NOT_FOUND', 'PROJECT_CLOSED', 'SET_FROM_ABOVE', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  async setLimits(
    @Param({ schema: MemberPath }) { p, g, u }: MemberPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: SetMemberLimitsRequest }) body: SetMemberLimitsRequest,
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    refuseReadOnlyChanges(body, { groupId: g, userId: u });
    const { limits, featuresOff } = body;
    await this.isMember({ p, g, u }, caller.principal);
    const group = { kind: 'group', projectId: p, groupId: g } as const;
    const authority = () => this.permissionChecker.authority(caller.principal, 'restrictions:manage', group);
    const request = { type: 'SetMemberLimits', groupId: g, userId: u, limits, featuresOff } as const;
    const done = await this.projects.run(p, async () => ({ ...request, authority: await authority() }), caller);
    if (caller.dryRun) return answerTo(caller, reply, done, {});
    // Body and ETag out of one state, should somebody have changed it meanwhile.
    const { quota, revision } = await this.quota({ p, g, u });
    return answerTo(caller, reply, { ...done, revision }, quota);
  }

  @Get('quota')
  @Permit('assignments:read-own', { project: 'p', group: 'g' })
  @Documented({
    tag: 'members',
    summary: 'Get the limits, use and remaining units of a person in a group and below it',
    description: 'Of oneself, or of anybody for whom `assignments:read` is permitted.',
    response: { schema: MemberQuotaAnswer, example: EXAMPLE },
    problems: ['NOT_FOUND'],
  })
  async showQuota(@Param({ schema: MemberPath }) path: MemberPath, @Caller() caller: Caller): Promise<object> {
    const { principal, permissions } = caller;
    if (path.u !== principal.userId && !permissions.has('assignments:read')) throw notFound('member', path.u);
    const { quota, revision } = await this.quota(path);
    caller.answerRevision(revision);
    return withoutNeighbors(quota, permissions);
  }

  /** @throws Problem `NOT_FOUND` */
  private async isMember({ p, g, u }: MemberPath, principal: Principal): Promise<void> {
    const look = (): Promise<unknown[]> =>
      this.rows.as(principal, 'restrictions:manage', (tx) =>
        tx.query('SELECT FROM licensing.access_membership WHERE home = $1 AND group_id = $2 AND user_id = $3', [
          p,
          g,
          u,
        ]),
      );
    if ((await look()).length > 0) return;
    await this.feed.memberships.caughtUp(p);
    if ((await look()).length === 0) throw notFound('member', u);
  }

  private quota({ p, g, u }: MemberPath): Promise<{ quota: MemberQuota; revision: number }> {
    return this.projects.look(p, g, (state, now, { revisionOf }) => {
      const quota = memberQuotaOf(state, g, u, now);
      return quota && { quota, revision: revisionOf(memberLimitsSetting(g, u)) };
    });
  }
}
