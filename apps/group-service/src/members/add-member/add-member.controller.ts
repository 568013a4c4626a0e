import { Body, Controller, Param, Post, Query } from '@nestjs/common';
import { AddedMember, AddMemberRequest, DryRun, type PreviewAnswer } from '@allotree/contracts';
import { memberOf } from '@allotree/domain';
import { notFound, Caller, Documented, Permit, preview } from '@allotree/http';
import { checkGrant, checkRevoke, concealingHolders, PermissionChecker } from '@allotree/identity';
import { GroupPath } from '../../paths.js';
import { Trees } from '../../groups/trees.js';
import { userIdOf } from '../../identity/users.js';

@Controller('projects/:p/groups/:g/members')
export class AddMemberController {
  constructor(
    private readonly trees: Trees,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Documented({
    tag: 'Members',
    summary:
      'Add a member with a role to a group, or change the name, role and external id of the member with this e-mail address',
    response: { status: 201, schema: AddedMember, example: { memberId: 'member-1', userId: 'user-1' } },
    problems: [
      'VALIDATION',
      'NOT_FOUND',
      'PROJECT_CLOSED',
      'FORBIDDEN',
      'LAST_ADMINISTRATOR',
      'EXTERNAL_ID_TAKEN',
      'STALE_REVISION',
    ],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  @Permit('members:manage', { project: 'p', group: 'g' })
  @Post()
  async add(
    @Param({ schema: GroupPath }) { p, g }: GroupPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: AddMemberRequest }) { email, ...put }: AddMemberRequest,
    @Caller() caller: Caller,
  ): Promise<AddedMember | PreviewAnswer> {
    await this.mayPut({ projectId: p, groupId: g, email, role: put.role }, caller);
    const facts = { memberId: caller.newId('member'), groupId: g, userId: userIdOf(email), email, ...put };
    const asking = { principal: caller.principal, projectId: p };
    const { events, revision } = await concealingHolders(this.permissionChecker, asking, () =>
      this.trees.run({ type: 'AddMember', projectId: p, ...facts }, caller),
    );
    if (caller.dryRun) return preview(caller, events);
    const member = await this.trees.look(p, (state) => memberOf(state, g, email));
    // Removed concurrently.
    if (member === null) throw notFound('member', facts.memberId);
    caller.answerRevision(revision);
    return { memberId: member.memberId, userId: member.userId };
  }

  /** P2: the caller can neither grant nor revoke permissions it lacks. */
  private async mayPut(
    { projectId, groupId, email, role }: { projectId: string; groupId: string; email: string; role: string },
    { principal }: Caller,
  ): Promise<void> {
    const scope = { kind: 'group', projectId, groupId } as const;
    const known = await this.trees.look(projectId, (state) => memberOf(state, groupId, email));
    await checkGrant(this.permissionChecker, principal, role, scope);
    if (known) await checkRevoke(this.permissionChecker, principal, known.role, scope);
  }
}
