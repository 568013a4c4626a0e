import type { DataSource, EntityManager } from 'typeorm';
import type { EventStore, RecordedEvent } from './event-store.js';
import type { Logger } from './logger.js';

export interface SubscriptionsOptions {
  readonly store: EventStore;
  /** The service's own database; checkpoints live in `<schema>.checkpoint`. */
  readonly dataSource: DataSource;
  readonly schema: string;
  readonly logger?: Logger;
  readonly metrics?: SubscriptionMetrics;
}

export interface SubscriptionMetrics {
  applied?(name: string, events: number, milliseconds: number): void;
  failed?(name: string): void;
}

export interface Projection {
  /** Unique in the schema; the checkpoint's key. */
  readonly name: string;
  readonly categories: readonly string[];
  /** Events handed over at once, at most. Default 1,000. */
  readonly batchSize?: number;
  /** Writes rows through `tx` only: they and the checkpoint commit together. */
  apply(events: readonly RecordedEvent[], tx: EntityManager): Promise<void>;
  /** Empties the projection's tables. */
  reset(tx: EntityManager): Promise<void>;
}

export interface Reactor {
  readonly name: string;
  readonly categories: readonly string[];
  /** Default 100. */
  readonly batchSize?: number;
  /** At least once: the checkpoint follows after it returned. */
  handle(events: readonly RecordedEvent[]): Promise<void>;
}

export class Subscriptions {
  constructor(readonly options: SubscriptionsOptions) {}
  projection(_projection: Projection): void {}
  reactor(_reactor: Reactor): void {}
  async start(): Promise<void> {}
  async stop(): Promise<void> {}
  async rebuild(_name: string): Promise<void> {}
  async waitUntil(_name: string, _position: bigint, _timeoutMs: number): Promise<boolean> {
    throw new Error('not built yet');
  }
  async lag(): Promise<{ name: string; behind: number }[]> {
    throw new Error('not built yet');
  }
}
