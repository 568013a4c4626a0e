import { Controller, Delete, HttpCode, Param, Query } from '@nestjs/common';
import { memberById } from '@allotree/domain';
import { DryRun, type PreviewAnswer } from '@allotree/contracts';
import { Caller, Documented, Permit, preview } from '@allotree/http';
import { checkRevoke, PermissionChecker } from '@allotree/identity';
import { MemberPath } from '../../paths.js';
import { Trees } from '../../groups/trees.js';

/** U4. */
@Controller('projects/:p/groups/:g/members/:memberId')
export class RemoveMemberController {
  constructor(
    private readonly trees: Trees,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Documented({
    tag: 'Members',
    summary: 'Remove a member; the assignments of the member are released',
    problems: ['VALIDATION', 'NOT_FOUND', 'PROJECT_CLOSED', 'FORBIDDEN', 'LAST_ADMINISTRATOR', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  @Permit('members:manage', { project: 'p', group: 'g' })
  @HttpCode(204)
  @Delete()
  async remove(
    @Param({ schema: MemberPath }) { p, g, memberId }: MemberPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Caller() caller: Caller,
  ): Promise<PreviewAnswer | undefined> {
    const known = await this.trees.look(p, (state) => memberById(state, memberId));
    if (known?.groupId === g)
      await checkRevoke(this.permissionChecker, caller.principal, known.role, {
        kind: 'group',
        projectId: p,
        groupId: g,
      });
    const { events, revision } = await this.trees.run(
      { type: 'RemoveMember', projectId: p, groupId: g, memberId },
      caller,
    );
    caller.answerRevision(revision);
    return caller.dryRun ? preview(caller, events) : undefined;
  }
}
