import { Controller, Delete, HttpCode, Param, Query } from '@nestjs/common';
import { DryRun } from '@allotree/contracts';
import { Caller, Documented, Permit } from '@allotree/platform';
import { GroupPath } from '../../paths.js';
import { Trees } from '../../trees.js';

/** domain.md G4, U4. */
@Controller('projects/:p/groups/:g')
export class RemoveGroupController {
  constructor(private readonly trees: Trees) {}

  @Documented({
    tag: 'Groups',
    summary: 'Remove a group with everything below it; what was assigned there is released',
    description: 'With `?dryRun=true` it is only checked. The root cannot be removed.',
    problems: ['VALIDATION', 'NOT_FOUND', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
  })
  @Permit('groups:manage', { project: 'p', group: 'g' })
  @HttpCode(204)
  @Delete()
  async remove(
    @Param({ schema: GroupPath }) { p, g }: GroupPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Caller() caller: Caller,
  ): Promise<void> {
    const { revision } = await this.trees.run({ type: 'RemoveSubtree', projectId: p, groupId: g }, caller);
    caller.answerRevision(revision);
  }
}
