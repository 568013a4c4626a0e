import { Controller, Delete, HttpCode, Param } from '@nestjs/common';
import { Caller, Documented, Permit } from '@allotree/platform';
import { MemberPath } from '../../paths.js';
import { Trees } from '../../trees.js';

/** domain.md U4. */
@Controller('projects/:p/groups/:g/members/:memberId')
export class RemoveMemberController {
  constructor(private readonly trees: Trees) {}

  @Documented({
    tag: 'Members',
    summary: 'Remove a member; what was assigned through it is released',
    problems: ['VALIDATION', 'NOT_FOUND', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
  })
  @Permit('members:manage', { project: 'p', group: 'g' })
  @HttpCode(204)
  @Delete()
  async remove(@Param({ schema: MemberPath }) { p, g, memberId }: MemberPath, @Caller() caller: Caller): Promise<void> {
    const { revision } = await this.trees.run(
      { type: 'RemoveMember', projectId: p, groupId: g, memberId },
      { context: caller.context, dryRun: false },
    );
    caller.answerRevision(revision);
  }
}
