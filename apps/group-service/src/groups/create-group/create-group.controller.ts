import { Body, Controller, Param, Post, Query } from '@nestjs/common';
import { CreatedGroup, CreateGroupRequest, DryRun, type PreviewAnswer } from '@allotree/contracts';
import { Caller, Documented, Permit, preview } from '@allotree/http';
import { concealingHolders, PermissionChecker } from '@allotree/identity';
import { ProjectPath } from '../../paths.js';
import { Trees } from '../trees.js';

@Controller('projects/:p/groups')
export class CreateGroupController {
  constructor(
    private readonly trees: Trees,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Documented({
    tag: 'Groups',
    summary: 'Create a group below another',
    response: { status: 201, schema: CreatedGroup, example: { groupId: '2f6a7b10-94a4-8e51-8c44-77d5f1f6a001' } },
    problems: ['VALIDATION', 'NOT_FOUND', 'PROJECT_CLOSED', 'NAME_TAKEN', 'EXTERNAL_ID_TAKEN', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  @Permit('groups:manage', { project: 'p', group: 'body.parentId' })
  @Post()
  async create(
    @Param({ schema: ProjectPath }) { p }: ProjectPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: CreateGroupRequest }) { type, ...group }: CreateGroupRequest,
    @Caller() caller: Caller,
  ): Promise<CreatedGroup | PreviewAnswer> {
    const groupId = caller.newId('group');
    const command = { type: 'CreateGroup', projectId: p, groupId, groupType: type, ...group } as const;
    const asking = { principal: caller.principal, projectId: p };
    const { events, revision } = await concealingHolders(this.permissionChecker, asking, () =>
      this.trees.run(command, caller),
    );
    caller.answerRevision(revision);
    if (caller.dryRun) return preview(caller, events);
    return { groupId };
  }
}
