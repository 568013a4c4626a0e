import {
  projectAggregate,
  type ProjectCommand,
  type ProjectEvent,
  type ProjectRefusal,
  type ProjectState,
} from '@allotree/domain';
import { CommandRuntime, type CommandContext, type Handler, type Outcome } from '@allotree/event-sourcing';
import { SimulatedEventStore, type EventStoreServer } from './event-store.harness.js';
import {
  tallyAggregate,
  type TallyCommand,
  type TallyEvent,
  type TallyRefusal,
  type TallyState,
} from './tally.harness.js';
import { Owner } from './virtual-time.harness.js';

/** Snapshots are taken often, so that states are restored from them often. */
export const simulatedProject = {
  ...projectAggregate,
  snapshot: { ...projectAggregate.snapshot, every: 10 },
};

/** A request of a client. The instant of its command is that of the replica's clock. */
export type Asked =
  | { readonly kind: 'tally'; readonly id: string; readonly command: TallyCommand }
  | { readonly kind: 'project'; readonly id: string; readonly commandAt: (now: number) => ProjectCommand };

/** A process with the command runtime, from its start until it is killed. */
export class Replica {
  readonly owner: Owner;
  readonly store: SimulatedEventStore;
  readonly runtime: CommandRuntime;
  readonly tallies: Handler<TallyState, TallyCommand, TallyEvent, TallyRefusal>;
  readonly projects: Handler<ProjectState, ProjectCommand, ProjectEvent, ProjectRefusal>;

  constructor(
    readonly name: string,
    private readonly server: EventStoreServer,
  ) {
    this.owner = new Owner(name);
    this.store = new SimulatedEventStore(server, this.owner);
    this.runtime = new CommandRuntime({
      store: this.store,
      snapshots: this.store,
      // Few states fit, so that they are loaded again and again.
      maxStateBytes: 60_000,
      maxWaiting: 30,
      clock: () => new Date(this.now()),
    });
    this.tallies = this.runtime.aggregate(tallyAggregate);
    this.projects = this.runtime.aggregate(simulatedProject);
  }

  now(): number {
    return this.server.network.time.clockOf(this.owner);
  }

  execute(asked: Asked, context: CommandContext): { answer: Promise<Outcome<unknown, unknown>>; now: number } {
    const now = this.now();
    const answer =
      asked.kind === 'tally'
        ? this.tallies.execute(asked.id, asked.command, context)
        : this.projects.execute(asked.id, asked.commandAt(now), context);
    return { answer, now };
  }

  kill(): void {
    this.owner.isAlive = false;
    this.store.detach();
  }
}
