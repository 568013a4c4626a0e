import { Body, Controller, Param, Post } from '@nestjs/common';
import { CreatedGroup, CreateGroupRequest } from '@allotree/contracts';
import { Caller, Documented, Permit } from '@allotree/platform';
import { ProjectPath } from '../../paths.js';
import { Trees } from '../../trees.js';

@Controller('projects/:p/groups')
export class CreateGroupController {
  constructor(private readonly trees: Trees) {}

  @Documented({
    tag: 'Groups',
    summary: 'Create a group below another',
    response: { status: 201, schema: CreatedGroup, example: { groupId: '2f6a7b10-94a4-8e51-8c44-77d5f1f6a001' } },
    problems: ['VALIDATION', 'NOT_FOUND', 'NAME_TAKEN', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
  })
  @Permit('groups:manage', { project: 'p', group: 'body.parentId' })
  @Post()
  async create(
    @Param({ schema: ProjectPath }) { p }: ProjectPath,
    @Body({ schema: CreateGroupRequest }) { parentId, type, name }: CreateGroupRequest,
    @Caller() caller: Caller,
  ): Promise<CreatedGroup> {
    const groupId = caller.newId('group');
    const { revision } = await this.trees.run(
      { type: 'CreateGroup', projectId: p, groupId, parentId, groupType: type, name },
      caller,
    );
    caller.answerRevision(revision);
    return { groupId };
  }
}
