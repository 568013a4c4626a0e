import { followUp } from '@allotree/event-sourcing';
import { Injectable } from '@nestjs/common';
import { departureOf, generatedId, type CarryingAuthority, type TreeCommand } from '@allotree/domain';
import { refusalProblem, type Caller } from '@allotree/platform';
import { detailOf } from '../../refusals.js';
import { Trees } from '../../trees.js';
import { departed } from './departed.js';
import { LicensingGate } from './licensing-gate.js';

export interface MoveToProjectWish {
  readonly projectId: string;
  readonly groupId: string;
  readonly toProjectId: string;
  readonly parentId: string;
  /** Its members lose their memberships (domain.md P2, P4). */
  readonly authority?: CarryingAuthority;
}

/**
 * A group moves to another project (domain.md G3): it is placed there first, under new ids, then removed here; a reactor
 * removes it where a crash came between. Nothing that is assigned or allotted goes along, and no
 * member (P4).
 */
@Injectable()
export class MoveToProject {
  constructor(
    private readonly trees: Trees,
    private readonly licensing: LicensingGate,
  ) {}

  /** The id of the group in its new project. @throws Problem when refused; then nothing has changed */
  async move(wish: MoveToProjectWish, caller: Caller): Promise<string> {
    const { toProjectId, parentId, ...leaving } = wish;
    const { projectId, groupId } = leaving;
    const checked = { context: caller.context, dryRun: true };
    await this.trees.run({ type: 'RemoveSubtree', ...leaving }, checked);
    const left = await this.trees.look(projectId, (state) => departureOf(state, groupId));
    if (!left.ok) throw refusalProblem(left.refusal, detailOf(left.refusal));
    const newId = caller.newId('adopted');
    const adopt: TreeCommand = { type: 'AdoptSubtree', projectId: toProjectId, newId, parentId, ...left.departure };
    const arriving = followUp(caller.context, 'adopt');
    await this.trees.run(adopt, { context: arriving, dryRun: true });
    await this.licensing.checkDeparture(projectId, groupId);
    if (caller.dryRun) return groupId;
    await this.trees.run(adopt, { context: arriving, dryRun: false });
    await departed(this.trees, left.departure.origin, followUp(caller.context, 'depart'));
    return generatedId(newId, 0);
  }
}
