import { Body, Controller, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import { RelocationCheckRequest } from '@allotree/contracts';
import {
  checkDeparture,
  checkRelocation,
  type Instant,
  type ProjectRefusal,
  type ProjectState,
} from '@allotree/domain';
import { Documented, Permit, Problem, refusalProblem } from '@allotree/http';
import type { z } from 'zod';
import { GroupPath } from '../../paths.js';
import { inGroup, Projects } from '../../projects.js';
import { relocationDetailOf } from '../../refusals.js';
import { whyLink } from '../../why-link.js';

/** Asked by the group service before it moves a group (G3). Records nothing. */
@Controller('projects/:p/groups/:g')
export class RelocationChecksController {
  constructor(private readonly projects: Projects) {}

  @Post('relocation-check')
  @HttpCode(HttpStatus.NO_CONTENT)
  @Permit('system:manage', { project: 'p', group: 'g' })
  @Documented({
    tag: 'groups',
    summary: 'Whether a group could move below another of its project',
    body: { parentId: 'group-2' },
    problems: [
      'VALIDATION',
      'NOT_FOUND',
      'LIMIT_EXCEEDED',
      'PERIOD_OUTSIDE_PARENT',
      'FEATURE_NOT_AVAILABLE',
      'DESCENDANTS_AFFECTED',
    ],
  })
  async checkRelocation(
    @Param({ schema: GroupPath }) { p, g }: GroupPath,
    @Body({ schema: RelocationCheckRequest }) { parentId }: z.infer<typeof RelocationCheckRequest>,
  ): Promise<void> {
    // The new parent can be unknown too: finding it means that both groups are known.
    await this.projects.look(
      p,
      parentId,
      inGroup(parentId, () => true),
    );
    await this.check(p, [g, parentId], (state, now) => checkRelocation(state, { groupId: g, parentId, now }));
  }

  @Post('departure-check')
  @HttpCode(HttpStatus.NO_CONTENT)
  @Permit('system:manage', { project: 'p', group: 'g' })
  @Documented({
    tag: 'groups',
    summary: 'Whether a group could leave for another project: nothing may be assigned or allotted in it',
    problems: ['NOT_FOUND', 'NOT_TRANSFERABLE'],
  })
  async checkDeparture(@Param({ schema: GroupPath }) { p, g }: GroupPath): Promise<void> {
    await this.check(p, [g], (state, now) => checkDeparture(state, g, now));
  }

  private async check(
    projectId: string,
    [groupId, parentId]: readonly [groupId: string, parentId?: string],
    ask: (state: ProjectState, now: Instant) => ProjectRefusal | null,
  ): Promise<void> {
    const { refusal, at } = await this.projects.look(
      projectId,
      groupId,
      inGroup(groupId, (state, now) => ({ refusal: ask(state, now), at: now })),
    );
    if (refusal === null) return;
    const { code, detail, facts } = refusalProblem(refusal, relocationDetailOf(refusal));
    // The limits of the new place bind, where the group is not yet.
    const why = whyLink(refusal, { projectId, groupIds: parentId === undefined ? [] : [parentId], at });
    throw new Problem(code, detail, { ...facts, ...why });
  }
}
