import { Body, Controller, HttpCode, Param, Post, Query } from '@nestjs/common';
import { DryRun, GroupDetails, MoveGroupRequest, type PreviewAnswer } from '@allotree/contracts';
import { Caller, Documented, Permit, preview } from '@allotree/http';
import { concealingHolders, PermissionChecker } from '@allotree/identity';
import { CarryingAuthorities } from '../carrying-authority.js';
import { Groups, GROUP_EXAMPLE } from '../groups.js';
import { GroupPath } from '../../paths.js';
import { Trees } from '../trees.js';
import { LicensingGate } from './licensing-gate.js';
import { MoveToProject } from './move-to-project.js';

/** G1, G3. */
@Controller('projects/:p/groups/:g/move')
export class MoveGroupController {
  constructor(
    private readonly trees: Trees,
    private readonly groups: Groups,
    private readonly licensing: LicensingGate,
    private readonly toProject: MoveToProject,
    private readonly permissionChecker: PermissionChecker,
    private readonly authorities: CarryingAuthorities,
  ) {}

  @Documented({
    tag: 'Groups',
    summary: 'Move a group and everything below it to another parent, in the same or another project',
    description:
      'Within a project, assignments and allotments move with the subtree; the move is refused if the limits of the new parent are too low for them. With `projectId`, the subtree moves to that project of the same tenant, with new ids, its external ids and without its members; the move is refused while the subtree has assignments, allotments or devices.',
    response: { schema: GroupDetails, example: GROUP_EXAMPLE },
    problems: [
      'VALIDATION',
      'NOT_FOUND',
      'PROJECT_CLOSED',
      'MEMBERS_HOLD_MORE',
      'CYCLE',
      'NAME_TAKEN',
      'EXTERNAL_ID_TAKEN',
      'LIMIT_EXCEEDED',
      'PERIOD_OUTSIDE_PARENT',
      'FEATURE_NOT_AVAILABLE',
      'DESCENDANTS_AFFECTED',
      'NOT_TRANSFERABLE',
      'STALE_REVISION',
      'OVERLOADED',
    ],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  @Permit('groups:manage', { project: 'p', group: 'g' })
  @HttpCode(200)
  @Post()
  async move(
    @Param({ schema: GroupPath }) { p, g }: GroupPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: MoveGroupRequest }) { parentId, projectId }: MoveGroupRequest,
    @Caller() caller: Caller,
  ): Promise<GroupDetails | PreviewAnswer> {
    const target = { kind: 'group', projectId: projectId ?? p, groupId: parentId } as const;
    await this.permissionChecker.demand(caller.principal, 'groups:manage', target);
    const authority = await this.authorities.of(caller.principal, p, g);
    if (projectId !== undefined && projectId !== p) {
      const request = { projectId: p, groupId: g, toProjectId: projectId, parentId, ...authority };
      const moved = await concealingHolders(this.permissionChecker, { principal: caller.principal, projectId }, () =>
        this.toProject.move(request, caller),
      );
      return caller.dryRun ? preview(caller, moved.events) : this.groups.show(projectId, moved.groupId, caller);
    }
    const command = { type: 'MoveGroup', projectId: p, groupId: g, parentId, ...authority } as const;
    // The tree first, which refuses without a call to the license service.
    const checked = await this.trees.run(command, { context: caller.context, dryRun: true });
    if (checked.events.length > 0) await this.licensing.checkRelocation(p, g, parentId);
    if (caller.dryRun) {
      caller.answerRevision(checked.revision);
      return preview(caller, checked.events);
    }
    await this.trees.run(command, caller);
    return this.groups.show(p, g, caller);
  }
}
