import { Inject, Injectable } from '@nestjs/common';
import {
  closedReasonOf,
  decideReshape,
  isGroup,
  projectFactsOf,
  type GroupTreeState,
  type TreeCommand,
  type TreeEvent,
  type TreeRefusal,
  type TreeShape,
} from '@allotree/domain';
import type { StateSelector } from '@allotree/event-sourcing';
import { Leases } from '@allotree/leases';
import { notFound, accepted, refusalProblem, type Caller } from '@allotree/http';
import { readInSlices, type SlicedSelector } from '@allotree/service';
import { detailOf } from '../refusals.js';
import { TREE_HANDLER, type TreeHandler } from '../tokens.js';

export interface Accepted {
  readonly events: readonly TreeEvent[];
  readonly revision: number;
}

/** The group trees as routes use them: with dry runs and problems. */
@Injectable()
export class Trees {
  constructor(
    @Inject(TREE_HANDLER) private readonly handler: TreeHandler,
    private readonly leases: Leases,
  ) {}

  /** Decides; with `dryRun` records nothing. @throws Problem when refused or stale */
  async run(command: TreeCommand, { context, dryRun }: Pick<Caller, 'context' | 'dryRun'>): Promise<Accepted> {
    const { projectId } = command;
    const outcome = dryRun
      ? await this.handler.dryRun(projectId, command, context)
      : await this.handler.execute(projectId, command, context);
    return accepted(outcome, detailOf);
  }

  /** The refusal of a change of shape, found in slices; `null`: it would be accepted. Records nothing. */
  async reshapeRefusal(projectId: string, shape: TreeShape): Promise<TreeRefusal | null> {
    const decision = await this.inSlices(projectId, (state) =>
      decideReshape(state, { type: 'ReshapeTree', projectId, ...shape }),
    );
    return decision.ok ? null : decision.refusal;
  }

  /** Reads from the state of a project in slices, all of it at one revision. */
  inSlices<Found>(projectId: string, look: SlicedSelector<GroupTreeState, Found>): Promise<Found> {
    return readInSlices(this.handler, projectId, look, { consistent: !this.leases.singleProcess });
  }

  /** Reads the current state of a project. @throws Problem `NOT_FOUND` when there is no such project */
  async look<Found>(projectId: string, look: StateSelector<GroupTreeState, Found>): Promise<Found> {
    const found = await this.handler.read(
      projectId,
      (state, revision, revisionOf) =>
        projectFactsOf(state) === null ? null : { value: look(state, revision, revisionOf) },
      { consistent: !this.leases.singleProcess },
    );
    if (found === null) throw notFound('project', projectId);
    return found.value;
  }

  /** For operations other than tree commands. @throws Problem `NOT_FOUND`, `PROJECT_CLOSED` */
  async isOpen(projectId: string): Promise<void> {
    const reason = await this.look(projectId, (state) => closedReasonOf(state) ?? undefined);
    if (reason === undefined) return;
    const refusal = { code: 'PROJECT_CLOSED', projectId, reason } as const;
    throw refusalProblem(refusal, detailOf(refusal));
  }

  /** @throws Problem `NOT_FOUND` when there is no such project or group */
  async groupIsThere(projectId: string, groupId: string): Promise<void> {
    if (!(await this.look(projectId, (state) => isGroup(state, groupId)))) throw notFound('group', groupId);
  }
}
