import type { DataSource, EntityManager } from 'typeorm';
import type { EventStore, RecordedEvent } from '../event-store.js';
import { SILENT } from '../logger.js';
import type { Logger } from '../logger.js';
import { Checkpoints } from './checkpoints.js';
import { Subscription } from './subscription.js';
import type { Consumer, SubscriptionMetrics } from './subscription.js';
import { Tail } from './tail.js';

export type { SubscriptionMetrics } from './subscription.js';

export interface SubscriptionsOptions {
  readonly store: EventStore;
  /** The service's own database, initialised. Each subscription takes one connection of its pool while it works. */
  readonly dataSource: DataSource;
  /** Checkpoints live in `<schema>.checkpoint`, which is created. */
  readonly schema: string;
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
  /** At least once, in order: the checkpoint follows after it returned. What it throws is tried again, later and later. */
  handle(events: readonly RecordedEvent[]): Promise<void>;
}

/**
 * The named subscriptions of a service, each with its own place in the order of the store. They run side by side; one
 * that fails stands still and tries again without holding up the others, and never skips an event.
 */
export class Subscriptions {
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #projections = new Map<string, Projection>();
  readonly #checkpoints: Checkpoints;
  readonly #tail: Tail;
  #stopListening: (() => void) | null = null;

  constructor(private readonly options: SubscriptionsOptions) {
    this.#checkpoints = new Checkpoints(options.schema);
    this.#tail = new Tail(options.store);
  }

  projection(projection: Projection): void {
    const { name, categories, batchSize = 1_000 } = projection;
    this.#projections.set(name, projection);
    this.#add({ name, categories, batchSize, consume: (events, tx) => projection.apply(events, tx) });
  }

  reactor(reactor: Reactor): void {
    const { name, categories, batchSize = 100 } = reactor;
    this.#add({ name, categories, batchSize, consume: (events) => reactor.handle(events) });
  }

  #add(consumer: Consumer): void {
    if (this.#stopListening) throw new Error(`${consumer.name} comes too late: the subscriptions are running`);
    if (this.#subscriptions.has(consumer.name)) throw new Error(`two subscriptions are named ${consumer.name}`);
    this.#tail.cover(consumer.categories);
    const { store, dataSource, logger = SILENT, metrics = {} } = this.options;
    const env = { store, tail: this.#tail, dataSource, checkpoints: this.#checkpoints, logger, metrics };
    this.#subscriptions.set(consumer.name, new Subscription(consumer, env));
  }

  async start(): Promise<void> {
    await this.#checkpoints.create(this.options.dataSource, [...this.#subscriptions.keys()]);
    this.#stopListening = this.options.store.onAppend(() => {
      for (const subscription of this.#subscriptions.values()) subscription.hint();
    });
    for (const subscription of this.#subscriptions.values()) subscription.start();
  }

  /** Lets each finish the batch it is at. */
  async stop(): Promise<void> {
    this.#stopListening?.();
    this.#stopListening = null;
    await Promise.all([...this.#subscriptions.values()].map((subscription) => subscription.stop()));
  }

  /** The names that `rebuild` takes. */
  projections(): readonly string[] {
    return [...this.#projections.keys()];
  }

  /** Empties a projection and lets it begin anew; the others go on. Readers see it fill. Returns when it has begun. */
  async rebuild(name: string): Promise<void> {
    const projection = this.#projections.get(name);
    if (!projection) throw new Error(`there is no projection ${name}`);
    const subscription = this.#named(name);
    await subscription.stop();
    try {
      await this.options.dataSource.transaction(async (tx) => {
        await this.#checkpoints.lock(tx, name);
        await projection.reset(tx);
        await this.#checkpoints.move(tx, name, 0n);
      });
    } finally {
      if (this.#stopListening) subscription.start();
    }
  }

  /** Whether the subscription has applied everything up to `position` within so many milliseconds. */
  async waitUntil(name: string, position: bigint, timeoutMs: number): Promise<boolean> {
    return this.#named(name).waitUntil(position, timeoutMs);
  }

  /** Events each has still to apply, counted up to 1,000. */
  async lag(): Promise<{ name: string; behind: number }[]> {
    return Promise.all(
      [...this.#subscriptions].map(async ([name, subscription]) => ({ name, behind: await subscription.behind() })),
    );
  }

  #named(name: string): Subscription {
    const subscription = this.#subscriptions.get(name);
    if (!subscription) throw new Error(`there is no subscription ${name}`);
    return subscription;
  }
}
