import { setTimeout as sleep } from 'node:timers/promises';
import type { Hold, Leases } from '@allotree/leases';
import type { DataSource, EntityManager } from 'typeorm';
import type { EventStore, RecordedEvent } from '../event-store.js';
import { SILENT } from '../logger.js';
import type { Logger } from '../logger.js';
import { Checkpoints } from './checkpoints.js';
import { CheckpointWatcher } from './checkpoint-watcher.js';
import { Subscription } from './subscription.js';
import type { Consumer, SubscriptionMetrics } from './subscription.js';
import { CrossStreamReader } from './cross-stream-reader.js';

export type { SubscriptionMetrics } from './subscription.js';

/** How often, and after which pauses, is looked for a head that has caught up with the checkpoints. */
const HEAD_ATTEMPTS = 20;
const HEAD_PAUSE_MS = 250;

export interface SubscriptionsOptions {
  readonly store: EventStore;
  /** The service's own database, initialised. Each subscription takes one connection of its pool while it works. */
  readonly dataSource: DataSource;
  /** Checkpoints live in `<schema>.checkpoint`, which is created. */
  readonly schema: string;
  /** Over all processes with this schema, one works on each subscription. */
  readonly leases: Leases;
  readonly logger?: Logger;
  readonly metrics?: SubscriptionMetrics;
}

export interface Projection {
  /** Unique in the schema: the checkpoint's key. */
  readonly name: string;
  readonly categories: readonly string[];
  /** Events handed over at once, at most. Default 1,000. */
  readonly batchSize?: number;
  /** Writes rows through `tx` only: they and the checkpoint commit together. What it throws stops the projection there. */
  apply(events: readonly RecordedEvent[], tx: EntityManager): Promise<void>;
  /** Empties the projection's tables. */
  reset(tx: EntityManager): Promise<void>;
}

export interface Reactor {
  /** Unique in the schema: the checkpoint's key. */
  readonly name: string;
  readonly categories: readonly string[];
  /** Events handed over at once, at most. Default 100. */
  readonly batchSize?: number;
  /**
   * At least once, in order: the checkpoint follows after it returned. What it throws is tried again, later and later. A
   * process that was paused in here may still finish a deed after another has done it.
   */
  handle(events: readonly RecordedEvent[]): Promise<void>;
}

/**
 * The named subscriptions of a service, each with its own place in the order of the store. They run side by side; one
 * that fails stands still and tries again without holding up the others, and never skips an event. Of all processes with
 * these names one works on each, under a lease; waiting, lags and rebuilding work from any.
 */
export class Subscriptions {
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #projections = new Map<string, Projection>();
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

  projection(projection: Projection): void {
    const { name, categories, batchSize = 1_000 } = projection;
    this.#projections.set(name, projection);
    this.#add({ name, categories, batchSize, apply: (events, tx) => projection.apply(events, tx) });
  }

  reactor(reactor: Reactor): void {
    const { name, categories, batchSize = 100 } = reactor;
    this.#add({ name, categories, batchSize, handle: (events) => reactor.handle(events) });
  }

  #add(consumer: Consumer): void {
    if (this.#stopListening) throw new Error(`${consumer.name} comes too late: the subscriptions are running`);
    if (this.#subscriptions.has(consumer.name)) throw new Error(`two subscriptions are named ${consumer.name}`);
    this.#reader.cover(consumer.categories);
    const { store, dataSource, logger = SILENT, metrics = {} } = this.options;
    const dependencies = { store, reader: this.#reader, dataSource, checkpoints: this.#checkpoints, logger, metrics };
    this.#subscriptions.set(consumer.name, new Subscription(consumer, dependencies));
  }

  /** Returns when each is being worked on, here or by another process. */
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

  /** A new leader's index may lag for a moment; a store that lost events, or was restored from an older backup, stays behind. */
  async #assertCheckpointsWithinStore(): Promise<void> {
    const { dataSource, store, schema } = this.options;
    const checkpoints = await this.#checkpoints.read(dataSource, [...this.#subscriptions.keys()]);
    const [name, furthest] = [...checkpoints].reduce((a, b) => (b[1] > a[1] ? b : a), ['', 0n]);
    for (let attempt = 1; (await store.head()) < furthest; attempt++) {
      if (attempt === HEAD_ATTEMPTS)
        throw new Error(
          `the checkpoint of ${name} in schema ${schema} (${furthest}) lies beyond the end of the event store ` +
            `(${await store.head()}): events are missing. Restore the event store and the database from the same backup.`,
        );
      await sleep(HEAD_PAUSE_MS);
    }
  }

  /** Lets each finish the batch it is at, and other processes take over. */
  async stop(): Promise<void> {
    this.#stopListening?.();
    this.#stopListening = null;
    await Promise.all(this.#holds.map((hold) => hold.stop()));
    this.#holds = [];
  }

  /** The names that `rebuild` takes. */
  projections(): readonly string[] {
    return [...this.#projections.keys()];
  }

  /**
   * Empties a projection and lets it begin anew, whichever process works on it; the others go on. Readers see it fill.
   * Returns when it is empty.
   */
  async rebuild(name: string): Promise<void> {
    const projection = this.#projections.get(name);
    if (!projection) throw new Error(`there is no projection ${name}`);
    // Whoever was faster than the seizure has begun to follow again, and is stopped again.
    while (!(await this.#empty(projection)));
  }

  async #empty(projection: Projection): Promise<boolean> {
    const { leases, dataSource } = this.options;
    const { name } = projection;
    const seizure = await leases.seize(this.#leaseName(name));
    const { fence } = seizure;
    try {
      return await dataSource.transaction(async (tx) => {
        const stored = await this.#checkpoints.lock(tx, name);
        if (stored.fence > fence) return false;
        // First: who holds the old fence can commit nothing from here on.
        await this.#checkpoints.move(tx, name, { position: 0n, fence });
        await projection.reset(tx);
        return true;
      });
    } finally {
      await seizure.release();
    }
  }

  /** Whether the subscription has applied everything up to `position` within so many milliseconds, in whichever process. */
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
   * Lets a caller read what was written before this call: by this process up to `position`, and by any other. Waits so
   * many milliseconds at most.
   */
  async freshen(name: string, position: bigint, timeoutMs: number): Promise<void> {
    const { store, leases } = this.options;
    await this.waitUntil(name, leases.singleProcess ? position : await store.head(), timeoutMs);
  }

  /** Events each has still to apply, counted up to 1,000. */
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

  /** The lags of those this process works on. */
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
    return { name, behind: behind.length };
  }

  #leaseName(name: string): string {
    return `${this.options.schema}.${name}`;
  }

  #named(name: string): Subscription {
    const subscription = this.#subscriptions.get(name);
    if (!subscription) throw new Error(`there is no subscription ${name}`);
    return subscription;
  }
}
