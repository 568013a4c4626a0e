import { Controller, Get, Param } from '@nestjs/common';
import { GroupDetails } from '@allotree/contracts';
import { Caller, Documented, Permit } from '@allotree/http';
import { Groups, GROUP_EXAMPLE } from '../groups.js';
import { GroupPath } from '../../paths.js';

@Controller('projects/:p/groups/:g')
export class ShowGroupController {
  constructor(private readonly groups: Groups) {}

  @Documented({
    tag: 'Groups',
    summary: 'Show a group and the groups above it',
    response: { schema: GroupDetails, example: GROUP_EXAMPLE },
    problems: ['VALIDATION', 'NOT_FOUND'],
    revised: true,
  })
  @Permit('groups:read', { project: 'p', group: 'g' })
  @Get()
  async show(@Param({ schema: GroupPath }) { p, g }: GroupPath, @Caller() caller: Caller): Promise<GroupDetails> {
    return this.groups.show(p, g, caller);
  }
}
