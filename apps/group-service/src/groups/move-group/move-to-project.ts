import { followUp } from '@allotree/event-sourcing';
import { Injectable } from '@nestjs/common';
import { departureOf, generatedId, type CarryingAuthority, type TreeCommand, type TreeEvent } from '@allotree/domain';
import { refusalProblem, type Caller } from '@allotree/http';
import { detailOf } from '../../refusals.js';
import { Trees } from '../trees.js';
import { departed } from './departed.js';
import { LicensingGate } from './licensing-gate.js';

export interface MoveToProjectRequest {
  readonly projectId: string;
  readonly groupId: string;
  readonly toProjectId: string;
  readonly parentId: string;
  /** Its members lose their memberships (P2, P4). */
  readonly authority?: CarryingAuthority;
}

/**
 * A group moves to another project (G3): it is placed there first, under new ids, then removed here; a reactor
 * removes it where a crash came between. Nothing that is assigned or allotted goes along, and no
 * member (P4).
 */
@Injectable()
export class MoveToProject {
  constructor(
    private readonly trees: Trees,
    private readonly licensing: LicensingGate,
  ) {}

  /** The id of the group in its new project, and what was recorded. @throws Problem when refused; then nothing has changed */
  async move(
    request: MoveToProjectRequest,
    caller: Caller,
  ): Promise<{ readonly groupId: string; readonly events: readonly TreeEvent[] }> {
    const { toProjectId, parentId, ...leaving } = request;
    const { projectId, groupId } = leaving;
    const checked = { context: caller.context, dryRun: true };
    const removing = await this.trees.run({ type: 'RemoveSubtree', ...leaving }, checked);
    const left = await this.trees.look(projectId, (state) => departureOf(state, groupId));
    if (!left.ok) throw refusalProblem(left.refusal, detailOf(left.refusal));
    const newId = caller.newId('adopted');
    const adopt: TreeCommand = { type: 'AdoptSubtree', projectId: toProjectId, newId, parentId, ...left.departure };
    const arriving = followUp(caller.context, 'adopt');
    const adopting = await this.trees.run(adopt, { context: arriving, dryRun: true });
    await this.licensing.checkDeparture(projectId, groupId);
    const moved = { groupId: generatedId(newId, 0), events: [...adopting.events, ...removing.events] };
    if (caller.dryRun) return moved;
    await this.trees.run(adopt, { context: arriving, dryRun: false });
    await departed(this.trees, left.departure.origin, followUp(caller.context, 'depart'));
    return moved;
  }
}
