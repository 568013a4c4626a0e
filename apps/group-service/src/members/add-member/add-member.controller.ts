import { Body, Controller, Param, Post } from '@nestjs/common';
import { AddedMember, AddMemberRequest } from '@allotree/contracts';
import { memberOf } from '@allotree/domain';
import { Caller, Documented, Permit } from '@allotree/platform';
import { GroupPath } from '../../paths.js';
import { notFound } from '../../refusals.js';
import { Trees } from '../../trees.js';
import { userIdOf } from '../../users.js';

@Controller('projects/:p/groups/:g/members')
export class AddMemberController {
  constructor(private readonly trees: Trees) {}

  @Documented({
    tag: 'Members',
    summary: 'Record a person with a role at a group; the same e-mail address again changes name and role',
    response: { status: 201, schema: AddedMember, example: { memberId: 'member-1', userId: 'user-1' } },
    problems: ['VALIDATION', 'NOT_FOUND', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
  })
  @Permit('members:manage', { project: 'p', group: 'g' })
  @Post()
  async add(
    @Param({ schema: GroupPath }) { p, g }: GroupPath,
    @Body({ schema: AddMemberRequest }) { email, name, role }: AddMemberRequest,
    @Caller() caller: Caller,
  ): Promise<AddedMember> {
    const facts = { memberId: caller.newId('member'), groupId: g, userId: userIdOf(email), email, name, role };
    const { revision } = await this.trees.run(
      { type: 'AddMember', projectId: p, ...facts },
      { context: caller.context, dryRun: false },
    );
    const member = await this.trees.look(p, (state) => memberOf(state, g, email));
    // Gone again meanwhile.
    if (member === null) throw notFound('member', facts.memberId);
    caller.answerRevision(revision);
    return { memberId: member.memberId, userId: member.userId };
  }
}
