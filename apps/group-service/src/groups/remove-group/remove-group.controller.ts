import { Controller, Delete, HttpCode, Param, Query } from '@nestjs/common';
import { DryRun, type PreviewAnswer } from '@allotree/contracts';
import { Caller, Documented, Permit, preview } from '@allotree/http';
import { CarryingAuthorities } from '../carrying-authority.js';
import { GroupPath } from '../../paths.js';
import { Trees } from '../trees.js';

/** G4, U4. */
@Controller('projects/:p/groups/:g')
export class RemoveGroupController {
  constructor(
    private readonly trees: Trees,
    private readonly authorities: CarryingAuthorities,
  ) {}

  @Documented({
    tag: 'Groups',
    summary: 'Remove a group and everything below it; the assignments there are released',
    description:
      'The root cannot be removed, and neither can a group with members whose roles have permissions that the caller lacks.',
    problems: ['VALIDATION', 'NOT_FOUND', 'PROJECT_CLOSED', 'MEMBERS_HOLD_MORE', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  @Permit('groups:manage', { project: 'p', group: 'g' })
  @HttpCode(204)
  @Delete()
  async remove(
    @Param({ schema: GroupPath }) { p, g }: GroupPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Caller() caller: Caller,
  ): Promise<PreviewAnswer | undefined> {
    const authority = await this.authorities.of(caller.principal, p, g);
    const command = { type: 'RemoveSubtree', projectId: p, groupId: g, ...authority } as const;
    const { events, revision } = await this.trees.run(command, caller);
    caller.answerRevision(revision);
    return caller.dryRun ? preview(caller, events) : undefined;
  }
}
