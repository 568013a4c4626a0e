import {
  projectAggregate,
  type ProjectCommand,
  type ProjectEvent,
  type ProjectRefusal,
  type ProjectState,
} from '@allotree/domain';
import {
  CommandRuntime,
  Subscriptions,
  type CommandContext,
  type Handler,
  type Logger,
  type Outcome,
} from '@allotree/event-sourcing';
import { BusMetrics, PostgresBus, PostgresGroup } from '@allotree/bus';
import { LICENSING_TOPIC } from '@allotree/contracts';
import { Leases } from '@allotree/leases';
import { PublishLicensingReactor } from '@allotree/license-service/publish-licensing';
import { Registry } from 'prom-client';
import { SimulatedClient, SimulatedPool } from './bus.harness.js';
import { SimulatedDataSource, SimulatedLeaseStore } from './database.harness.js';
import { setUpDue } from './due.harness.js';
import { SimulatedEventStore, type EventStoreServer } from './event-store.harness.js';
import type { Following } from './following.harness.js';
import {
  tallyAggregate,
  type TallyCommand,
  type TallyEvent,
  type TallyRefusal,
  type TallyState,
} from './tally.harness.js';
import { Violation } from './trace.harness.js';
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

/** A process of a service, from its start until it is killed. */
export class Replica {
  readonly owner: Owner;
  readonly store: SimulatedEventStore;
  readonly runtime: CommandRuntime;
  readonly dataSource: SimulatedDataSource;
  subscriptions: Subscriptions | null = null;
  #leaseStore: SimulatedLeaseStore | null = null;
  readonly tallies: Handler<TallyState, TallyCommand, TallyEvent, TallyRefusal>;
  readonly projects: Handler<ProjectState, ProjectCommand, ProjectEvent, ProjectRefusal>;

  constructor(
    readonly name: string,
    private readonly server: EventStoreServer,
    private readonly following: Following,
  ) {
    this.owner = new Owner(name);
    this.store = new SimulatedEventStore(server, this.owner);
    this.dataSource = new SimulatedDataSource(following.database);
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

  /** Rejects where a server cannot be reached, which ends the process. */
  async start(): Promise<void> {
    const { database, tallies, outside, listener, jobs, mails } = this.following;
    const leases = await Leases.in(
      (holder) => (this.#leaseStore = new SimulatedLeaseStore(database, this.owner, holder)),
      { logger: this.#logger },
    );
    const subscriptions = new Subscriptions({
      store: this.store,
      dataSource: this.dataSource as never,
      schema: 'simulated',
      leases,
      logger: this.#logger,
    });
    subscriptions.projection(tallies.projection());
    subscriptions.reactor(outside.reactor());
    const metrics = new BusMetrics(new Registry());
    const bus = new PostgresBus(new SimulatedPool(database) as never, metrics);
    subscriptions.reactor(new PublishLicensingReactor(bus, this.projects));
    const startDue = setUpDue(jobs, mails, {
      owner: this.owner,
      store: this.store,
      runtime: this.runtime,
      dataSource: this.dataSource,
      projects: this.projects,
      logger: this.#pino,
      subscriptions,
      now: () => this.now(),
    });
    await subscriptions.start();
    this.subscriptions = subscriptions;
    const consumers = new PostgresGroup({
      groupId: 'simulated',
      handlers: [listener.handler(LICENSING_TOPIC, this.owner)],
      connectionString: '',
      openClient: () => new SimulatedClient(database) as never,
      // The simulated database notifies nobody.
      pollMs: 1_000,
      leases,
      bus,
      logger: this.#pino as never,
      metrics,
      batchSize: 20,
      // A handler fails here only while something is away, so nothing becomes a dead letter.
      attempts: 1_000,
    });
    await consumers.start();
    await startDue();
  }

  readonly #logger: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (facts, message) => this.#log(facts, message),
    error: (facts, message) => this.#log(facts, message),
  };

  /** As far as the bus uses one. */
  readonly #pino = { ...this.#logger, child: () => this.#pino as unknown };

  #log(facts: object, message: string): void {
    const { err } = facts as { err?: Error };
    this.server.network.trace.add(this.name, `${message}: ${err?.message ?? ''}`);
    // A failure of the network is to be expected, any other is a mistake.
    if (err && !isExpected(err)) this.server.network.trace.violate(new Violation(`${message}: ${err.stack}`));
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
    this.#leaseStore?.detach();
  }
}

const EXPECTED = /^(Unreachable|TooManyConflicts|OutcomeUnknown|Overloaded|StoreUnavailable)$/;

/** Whether an error comes from a simulated fault. */
export const isExpected = ({ name, message }: Error): boolean =>
  EXPECTED.test(name) || message.startsWith('another consumer reads');
