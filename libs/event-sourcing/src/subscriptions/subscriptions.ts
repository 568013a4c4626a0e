import { setTimeout as sleep } from 'node:timers/promises';
import type { Hold, Leases } from '@allotree/leases';
import type { DataSource, EntityManager } from 'typeorm';
import type { EventStore, RecordedEvent } from '../event-store.js';
import { SILENT } from '../logger.js';
import type { Logger } from '../logger.js';
import { Checkpoints } from './checkpoints.js';
import { CheckpointWatcher } from './checkpoint-watcher.js';
import { concerns, Subscription } from './subscription.js';
import type { Consumer, SubscriptionMetrics } from './subscription.js';
import { CrossStreamReader } from './cross-stream-reader.js';

export type { SubscriptionMetrics } from './subscription.js';

/** Attempts and interval of checking whether the head of the store has caught up with the checkpoints. */
const HEAD_ATTEMPTS = 20;
const HEAD_PAUSE_MS = 250;

export interface SubscriptionsOptions {
  readonly store: EventStore;
  /** The database of the service, initialized. Each running subscription uses one connection of its pool. */
  readonly dataSource: DataSource;
  /** Schema of the table `<schema>.checkpoint`, which is created. */
  readonly schema: string;
  /** Ensures that one of all processes with this schema runs each subscription. */
  readonly leases: Leases;
  readonly logger?: Logger;
  readonly metrics?: SubscriptionMetrics;
}

export interface Projection<Prepared = void> {
  /** Unique in the schema: the checkpoint's key. */
  readonly name: string;
  readonly categories: readonly string[];
  /** Maximum number of events per batch. Default 1,000. */
  readonly batchSize?: number;
  /** See `Reactor`. */
  readonly eventTypes?: readonly string[];
  /**
   * Reads what `apply` needs besides the events, such as the state of an aggregate, so that no transaction is open meanwhile. It
   * may be repeated.
   */
  prepare?(events: readonly RecordedEvent[]): Promise<Prepared>;
  /**
   * Writes rows only through `tx`: they commit together with the checkpoint. An error stalls the projection until it
   * succeeds.
   */
  apply(events: readonly RecordedEvent[], tx: EntityManager, prepared: Prepared): Promise<void>;
  /**
   * The tables with its rows. They follow from the events up to the checkpoint and from nothing else, so they can be built a second
   * time beside the live ones and compared (`replay`). Excludes `prepare`, which may read states beyond the checkpoint.
   */
  readonly tables?: readonly ProjectionTable[];
  /** Deletes all rows; only for a projection without `tables`, which is rebuilt in place. */
  reset?(tx: EntityManager): Promise<void>;
}

/** A table of the schema of the service. */
export interface ProjectionTable {
  readonly name: string;
  /** Columns that identify a row. Default: the primary key. */
  readonly key?: readonly string[];
  /** Which of its rows belong to the projection, as an SQL condition. Default: all. */
  readonly where?: string;
}

/** The next events of a projection, read and not applied. */
export interface ReplayStep {
  /** Up to where there are no others. */
  readonly upTo: bigint;
  /** Applies those that are not beyond `limit`. */
  apply(tx: EntityManager, limit: bigint): Promise<void>;
}

/** Applies the events of a projection a second time, to tables of the caller. */
export interface Replay {
  readonly name: string;
  readonly tables: readonly ProjectionTable[];
  /** Up to where the live rows are; with `lock` they do not change until the transaction ends. */
  position(tx: EntityManager, lock: boolean): Promise<bigint>;
  /** Reads the events after a position. */
  next(after: bigint): Promise<ReplayStep>;
}

export interface Reactor {
  /** Unique in the schema: the checkpoint's key. */
  readonly name: string;
  readonly categories: readonly string[];
  /** Maximum number of events per batch. Default 100. */
  readonly batchSize?: number;
  /**
   * The types of events it has to do with. A batch with none of them is passed over without a round trip; another is passed on
   * whole. Default: all.
   */
  readonly eventTypes?: readonly string[];
  /**
   * Called at least once per event, in order; the checkpoint advances after it resolves. Errors are retried with
   * increasing delays. A process that was paused in this call may complete it after another process has done the same.
   */
  handle(events: readonly RecordedEvent[]): Promise<void>;
}

/**
 * The named subscriptions of a service, each with its own checkpoint. They run concurrently: one that fails stalls and
 * retries without blocking the others, and never skips an event. One of all processes runs each subscription under a
 * lease; waiting, lags and rebuilds work from any process.
 */
export class Subscriptions {
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #projections = new Map<string, Projection<never>>();
  readonly #checkpoints: Checkpoints;
  readonly #reader: CrossStreamReader;
  readonly #checkpointWatcher: CheckpointWatcher;
  #holds: Hold[] = [];
  #stopListening: (() => void) | null = null;

  constructor(private readonly options: SubscriptionsOptions) {
    const { store, dataSource, schema } = options;
    this.#checkpoints = new Checkpoints(schema);
    this.#reader = new CrossStreamReader(store);
    this.#checkpointWatcher = new CheckpointWatcher(store, (names) => this.#checkpoints.read(dataSource, names));
  }

  projection<Prepared>(projection: Projection<Prepared>): void {
    const { name, categories, batchSize = 1_000, eventTypes } = projection;
    if (projection.tables !== undefined && projection.prepare)
      throw new Error(`projection ${name} has tables to build beside, and prepares what is not at its checkpoint`);
    this.#projections.set(name, projection as unknown as Projection<never>);
    this.#add({
      name,
      categories,
      batchSize,
      ...(eventTypes && { eventTypes: new Set(eventTypes) }),
      handle: (events) => projection.prepare?.(events) ?? Promise.resolve(),
      apply: (events, tx, prepared) => projection.apply(events, tx, prepared as Prepared),
    });
  }

  reactor(reactor: Reactor): void {
    const { name, categories, batchSize = 100, eventTypes } = reactor;
    this.#add({
      name,
      categories,
      batchSize,
      ...(eventTypes && { eventTypes: new Set(eventTypes) }),
      handle: (events) => reactor.handle(events),
    });
  }

  #add(consumer: Consumer): void {
    if (this.#stopListening)
      throw new Error(`cannot add subscription ${consumer.name}: the subscriptions are already running`);
    if (this.#subscriptions.has(consumer.name)) throw new Error(`subscription ${consumer.name} already exists`);
    this.#reader.cover(consumer.categories);
    const { store, dataSource, logger = SILENT, metrics = {} } = this.options;
    const dependencies = { store, reader: this.#reader, dataSource, checkpoints: this.#checkpoints, logger, metrics };
    this.#subscriptions.set(consumer.name, new Subscription(consumer, dependencies));
  }

  /** Resolves once every subscription is running, here or in another process. */
  async start(): Promise<void> {
    const { dataSource, store } = this.options;
    await this.#checkpoints.create(dataSource, [...this.#subscriptions.keys()]);
    await this.#checkpoints.bindTo(dataSource, await store.identity());
    await this.#assertCheckpointsWithinStore();
    this.#stopListening = this.options.store.onAppend(() => {
      for (const subscription of this.#subscriptions.values()) subscription.hint();
    });
    const { leases } = this.options;
    this.#holds = await Promise.all(
      [...this.#subscriptions].map(([name, subscription]) =>
        leases.hold(this.#leaseName(name), { work: (lease) => subscription.follow(lease) }),
      ),
    );
  }

  /**
   * The index of a new leader may lag briefly; a store that lost events or was restored from an older backup stays
   * behind.
   */
  async #assertCheckpointsWithinStore(): Promise<void> {
    const { dataSource, store, schema } = this.options;
    const checkpoints = await this.#checkpoints.read(dataSource, [...this.#subscriptions.keys()]);
    const [name, furthest] = [...checkpoints].reduce((a, b) => (b[1] > a[1] ? b : a), ['', 0n]);
    for (let attempt = 1; (await store.head()) < furthest; attempt++) {
      if (attempt === HEAD_ATTEMPTS)
        throw new Error(
          `the checkpoint of ${name} in schema ${schema} (${furthest}) is beyond the end of the event store ` +
            `(${await store.head()}): events are missing. Restore the event store and the database from the same backup.`,
        );
      await sleep(HEAD_PAUSE_MS);
    }
  }

  /** Waits until each has finished its current batch, so that other processes can take over. */
  async stop(): Promise<void> {
    this.#stopListening?.();
    this.#stopListening = null;
    await Promise.all(this.#holds.map((hold) => hold.stop()));
    this.#holds = [];
  }

  /** Names of the projections; each has a `replay` or accepts `rebuild`. */
  projections(): readonly string[] {
    return [...this.#projections.keys()];
  }

  /** For a projection with `tables`; `null` for one that is rebuilt in place. */
  replay(name: string): Replay | null {
    const projection = this.#projectionNamed(name);
    const { tables, categories, eventTypes, batchSize = 1_000 } = projection;
    if (tables === undefined) return null;
    const { store } = this.options;
    const types = eventTypes && { eventTypes: new Set(eventTypes) };
    return {
      name,
      tables,
      position: (tx, lock) => this.#checkpoints.position(tx, name, lock),
      next: async (after) => {
        const { events, upTo } = await store.readBatch(categories, after, batchSize);
        return {
          upTo,
          apply: async (tx, limit) => {
            const due = events.filter(({ position }) => position <= limit);
            if (due.some((event) => concerns({ ...types }, event))) await projection.apply(due, tx, undefined as never);
          },
        };
      },
    };
  }

  /**
   * Empties a projection without `tables` and restarts it from the beginning, whichever process runs it; the others continue. Readers
   * see it fill up again. Resolves once it is empty.
   */
  async rebuild(name: string): Promise<void> {
    if (!this.#projectionNamed(name).reset) throw new Error(`projection ${name} is not rebuilt in place`);
    // A process that claimed the checkpoint after the seizure has already resumed, and is stopped again.
    while (!(await this.#empty(name)));
  }

  #projectionNamed(name: string): Projection<never> {
    const projection = this.#projections.get(name);
    if (!projection) throw new Error(`projection ${name} does not exist`);
    return projection;
  }

  async #empty(name: string): Promise<boolean> {
    const { leases, dataSource } = this.options;
    const seizure = await leases.seize(this.#leaseName(name));
    const { fence } = seizure;
    try {
      return await dataSource.transaction(async (tx) => {
        const stored = await this.#checkpoints.lock(tx, name);
        if (stored.fence > fence) return false;
        // Moved first, so that the previous holder cannot commit anything from here on.
        await this.#checkpoints.move(tx, name, { position: 0n, fence });
        await this.#projectionNamed(name).reset?.(tx);
        return true;
      });
    } finally {
      await seizure.release();
    }
  }

  /** Whether the subscription, in any process, applied everything up to `position` within the timeout. */
  async waitUntil(name: string, position: bigint, timeoutMs: number): Promise<boolean> {
    const subscription = this.#named(name);
    if (position === 0n) return true;
    const until = performance.now() + timeoutMs;
    return (
      (await subscription.waitUntil(position, until)) ??
      this.#checkpointWatcher.waitUntil(subscription.consumer, position, until)
    );
  }

  /**
   * Waits until a caller can read everything written before this call, by this process up to `position` and by any
   * other process, but not longer than the timeout.
   */
  async freshen(name: string, position: bigint, timeoutMs: number): Promise<boolean> {
    const { store, leases } = this.options;
    return this.waitUntil(name, leases.singleProcess ? position : await store.head(), timeoutMs);
  }

  /** Number of events that each subscription has not applied, among the next 1,000 of its categories. */
  async lag(): Promise<{ name: string; behind: number }[]> {
    const { store, dataSource } = this.options;
    const head = await store.head();
    const checkpoints = await this.#checkpoints.read(dataSource, [...this.#subscriptions.keys()]);
    return Promise.all(
      [...this.#subscriptions.values()].map((subscription) => {
        const from = subscription.position ?? checkpoints.get(subscription.consumer.name) ?? 0n;
        return this.#lagOf(subscription, from, head);
      }),
    );
  }

  /** Lags of the subscriptions that run in this process. */
  async lagHere(): Promise<{ name: string; behind: number }[]> {
    const head = await this.options.store.head();
    const lags = [...this.#subscriptions.values()].map((subscription) => {
      const { position } = subscription;
      return position === null ? [] : [this.#lagOf(subscription, position, head)];
    });
    return Promise.all(lags.flat());
  }

  async #lagOf({ consumer }: Subscription, from: bigint, head: bigint): Promise<{ name: string; behind: number }> {
    const { name, categories } = consumer;
    const behind = from >= head ? [] : await this.options.store.readAll(categories, from, 1_000);
    return { name, behind: behind.filter((event) => concerns(consumer, event)).length };
  }

  #leaseName(name: string): string {
    return `${this.options.schema}.${name}`;
  }

  #named(name: string): Subscription {
    const subscription = this.#subscriptions.get(name);
    if (!subscription) throw new Error(`subscription ${name} does not exist`);
    return subscription;
  }
}
