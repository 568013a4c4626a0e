import { Body, Controller, Param, Patch, Query } from '@nestjs/common';
import { ChangeGroupRequest, DryRun, GroupDetails, type PreviewAnswer } from '@allotree/contracts';
import { Caller, Documented, Permit, refuseReadOnlyChanges, preview } from '@allotree/http';
import { concealingHolders, PermissionChecker } from '@allotree/identity';
import { Groups, GROUP_EXAMPLE } from '../groups.js';
import { GroupPath } from '../../paths.js';
import { Trees } from '../trees.js';

@Controller('projects/:p/groups/:g')
export class ChangeGroupController {
  constructor(
    private readonly trees: Trees,
    private readonly groups: Groups,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Documented({
    tag: 'Groups',
    summary: "Change a group's name, type or external id; the name of the root is the project's",
    response: { schema: GroupDetails, example: GROUP_EXAMPLE },
    problems: ['VALIDATION', 'NOT_FOUND', 'PROJECT_CLOSED', 'NAME_TAKEN', 'EXTERNAL_ID_TAKEN', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  @Permit('groups:manage', { project: 'p', group: 'g' })
  @Patch()
  async change(
    @Param({ schema: GroupPath }) { p, g }: GroupPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: ChangeGroupRequest }) { name, type, externalId, groupId, parentId }: ChangeGroupRequest,
    @Caller() caller: Caller,
  ): Promise<GroupDetails | PreviewAnswer> {
    refuseReadOnlyChanges({ groupId }, { groupId: g });
    if (parentId !== undefined) {
      const current = await this.groups.show(p, g, caller);
      refuseReadOnlyChanges({ parentId }, { parentId: current.parentId });
    }
    const details = { name: name ?? null, groupType: type ?? null, externalId };
    const asking = { principal: caller.principal, projectId: p };
    const { events, revision } = await concealingHolders(this.permissionChecker, asking, () =>
      this.trees.run({ type: 'ChangeGroupDetails', projectId: p, groupId: g, ...details }, caller),
    );
    if (!caller.dryRun) return this.groups.show(p, g, caller);
    caller.answerRevision(revision);
    return preview(caller, events);
  }
}
