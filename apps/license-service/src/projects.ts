import { Inject, Injectable } from '@nestjs/common';
import {
  hasGroup,
  projectOf,
  type Declined,
  type Instant,
  type ProjectCommand,
  type ProjectEvent,
  type ProjectState,
} from '@allotree/domain';
import type { CommandContext, Outcome } from '@allotree/event-sourcing';
import { Leases } from '@allotree/leases';
import { Clock, CONFIGURATION } from '@allotree/basics';
import { accepted, notArrived, Problem, type Caller } from '@allotree/http';
import type { ProjectRefusal } from '@allotree/domain';
import { readInSlices } from '@allotree/service';
import { refusedProblem } from './batches.js';
import type { LicenseConfiguration } from './configuration.js';
import { DecisionClock } from './clock/decision-clock.js';
import { GroupFeed } from './feed/group-feed.js';
import { detailOf } from './refusals.js';
import { PROJECT_HANDLER, type ProjectHandler } from './tokens.js';

type Timeless<Command> = Command extends unknown ? Omit<Command, 'now'> : never;
/** A command without its instant: that is taken when it is decided. */
export type ProjectRequest = Timeless<ProjectCommand>;

/** A command that names from where its caller holds the permission for it, or makes it anew from what is known by now. */
export type RequestSource = ProjectRequest | (() => Promise<ProjectRequest>);

/** What is at which revision: the project as a whole, and its settings (`restrictionSetting` and its like). */
export interface Revisions {
  readonly revision: number;
  readonly revisionOf: (setting: string) => number;
}

type LookAt<Found> = (state: ProjectState, now: Instant, revisions: Revisions) => Found | null;

export interface Accepted {
  readonly events: readonly ProjectEvent[];
  /** The items of a list that were refused while the others were accepted; absent also for a repeated request. */
  readonly declined?: readonly Declined<ProjectRefusal>[];
  readonly revision: number;
  /** The instant of the decision; of a repeated request that of its repetition. */
  readonly at: Instant;
}

export interface KnownProject {
  readonly projectId: string;
  readonly tenantId: string;
  readonly name: string;
  readonly timeZone: string;
}

/** The project aggregate as routes use it: with the clock, dry runs, problems, and the facts from the group service. */
@Injectable()
export class Projects {
  constructor(
    @Inject(PROJECT_HANDLER) private readonly handler: ProjectHandler,
    private readonly feed: GroupFeed,
    private readonly leases: Leases,
    private readonly clock: Clock,
    private readonly decisions: DecisionClock,
    @Inject(CONFIGURATION) private readonly configuration: LicenseConfiguration,
  ) {}

  /**
   * Decides on a project; with `?dryRun` records nothing. A refusal rests on everything that the group service published
   * before the request: a command that depends on who the caller is by now is a function, which is asked again before one.
   * @throws Problem when refused or stale; `UNAVAILABLE` where something is missing that may be on its way
   */
  async run(projectId: string, request: RequestSource, caller: Pick<Caller, 'context' | 'dryRun'>): Promise<Accepted> {
    const command = typeof request === 'function' ? request : () => Promise.resolve(request);
    let [outcome, decided] = await this.decide(projectId, await command(), caller);
    if (outcome.kind === 'refused') {
      const caughtUp = await (typeof request === 'function'
        ? this.caughtUp(projectId)
        : this.feed.facts.caughtUp(projectId));
      [outcome, decided] = await this.decide(projectId, await command(), caller);
      if (outcome.kind === 'refused' && outcome.refusal.code === 'NOT_FOUND' && !caughtUp) throw notArrived();
    }
    const at = decided.now;
    if (outcome.kind === 'refused') throw refusedProblem(outcome.refusal, { projectId, command: decided, at });
    return { ...accepted(outcome), at };
  }

  /**
   * Waits until everything is known here that the group service published before about a project and who may do what. False when the
   * time runs out.
   */
  async caughtUp(projectId: string): Promise<boolean> {
    const caughtUp = await Promise.all([this.feed.facts.caughtUp(projectId), this.feed.memberships.caughtUp()]);
    return !caughtUp.includes(false);
  }

  /**
   * Looks at a project, with everything that the group service published before the request.
   * @throws Problem `NOT_FOUND` where `look` finds nothing; `UNAVAILABLE` where it may be on its way
   */
  async look<Found>(projectId: string, groupId: string | null, look: LookAt<Found>): Promise<Found> {
    const caughtUp = await this.feed.facts.caughtUp(projectId);
    // Events recorded by another process may not be in this one's memory yet.
    const consistent = !this.leases.singleProcess;
    const found = await this.handler.read(
      projectId,
      (state, revision, revisionOf) => look(state, this.clock.now(), { revision, revisionOf }),
      {
        consistent,
      },
    );
    if (found === null) throw caughtUp ? await this.missing(projectId, groupId) : notArrived();
    return found;
  }

  /** Like `look`, in slices, all of it at one revision. @throws Problem `NOT_FOUND` where there is no such project */
  async lookInSlices<Found>(
    projectId: string,
    look: (state: ProjectState, now: Instant, revision: number) => Generator<unknown, Found>,
  ): Promise<Found> {
    await this.project(projectId);
    const now = this.clock.now();
    const consistent = !this.leases.singleProcess;
    return readInSlices(this.handler, projectId, (state, revision) => look(state, now, revision), { consistent });
  }

  /** The current state of a project, or `null` if unknown. For lists, which have already waited for all of their projects. */
  async see<Found>(projectId: string, look: (state: ProjectState) => Found | null): Promise<Found | null> {
    return this.handler.read(projectId, look, { consistent: !this.leases.singleProcess });
  }

  /** @throws Problem `NOT_FOUND` */
  async project(projectId: string): Promise<KnownProject> {
    return this.look(projectId, null, (state) => projectOf(state));
  }

  private async decide(
    projectId: string,
    request: ProjectRequest,
    { context, dryRun }: { readonly context: CommandContext; readonly dryRun: boolean },
  ): Promise<[Outcome<ProjectEvent, ProjectRefusal>, ProjectCommand]> {
    const maxClockLag = this.configuration.CLOCK_TOLERANCE_SECONDS * 1_000;
    const command: ProjectCommand = { maxClockLag, ...request, now: await this.decisions.now(projectId) };
    const outcome = dryRun
      ? await this.handler.dryRun(projectId, command, context)
      : await this.handler.execute(projectId, command, context);
    return [outcome, command];
  }

  private async missing(projectId: string, groupId: string | null): Promise<Problem> {
    const projectIsThere = await this.handler.read(projectId, (state) => projectOf(state) !== null);
    const refusal = projectIsThere
      ? ({ code: 'NOT_FOUND', what: 'group', id: groupId ?? projectId } as const)
      : ({ code: 'NOT_FOUND', what: 'project', id: projectId } as const);
    const { code, ...facts } = refusal;
    return new Problem(code, detailOf(refusal), facts);
  }
}

/** A look for routes below a group: `null`, so not found, when the group is not there. */
export const inGroup =
  <Found>(groupId: string, look: LookAt<Found>): LookAt<Found> =>
  (state, now, revisions) =>
    hasGroup(state, groupId) ? look(state, now, revisions) : null;
