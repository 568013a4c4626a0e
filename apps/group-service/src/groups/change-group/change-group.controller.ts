import { Body, Controller, Param, Patch, Query } from '@nestjs/common';
import { ChangeGroupRequest, DryRun, GroupDetails, type PreviewAnswer } from '@allotree/contracts';
import { Caller, Documented, Permit, refuseReadOnlyChanges, preview } from '@allotree/http';
import { Groups, GROUP_EXAMPLE } from '../groups.js';
import { GroupPath } from '../../paths.js';
import { Trees } from '../trees.js';

@Controller('projects/:p/groups/:g')
export class ChangeGroupController {
  constructor(
    private readonly trees: Trees,
    private readonly groups: Groups,
  ) {}

  @Documented({
    tag: 'Groups',
    summary: "Change a group's name or type; the name of the root is the project's",
    response: { schema: GroupDetails, example: GROUP_EXAMPLE },
    problems: ['VALIDATION', 'NOT_FOUND', 'PROJECT_CLOSED', 'NAME_TAKEN', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  @Permit('groups:manage', { project: 'p', group: 'g' })
  @Patch()
  async change(
    @Param({ schema: GroupPath }) { p, g }: GroupPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: ChangeGroupRequest }) { name, type, groupId, parentId }: ChangeGroupRequest,
    @Caller() caller: Caller,
  ): Promise<GroupDetails | PreviewAnswer> {
    refuseReadOnlyChanges({ groupId }, { groupId: g });
    if (parentId !== undefined) {
      const current = await this.groups.show(p, g, caller);
      refuseReadOnlyChanges({ parentId }, { parentId: current.parentId });
    }
    const { events, revision } = await this.trees.run(
      { type: 'ChangeGroupDetails', projectId: p, groupId: g, name: name ?? null, groupType: type ?? null },
      caller,
    );
    if (!caller.dryRun) return this.groups.show(p, g, caller);
    caller.answerRevision(revision);
    return preview(caller, events);
  }
}
