import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStore, RecordedEvent } from '../event-store.js';
import { concerns, type Consumer } from './subscription.js';

/** A caller waiting for a subscription that runs in another process. */
export interface Waiter {
  readonly consumer: Watched;
  readonly position: bigint;
  /** Deadline on the clock of `performance.now()`. */
  readonly until: number;
  resolve(reached: boolean): void;
}

type Watched = Pick<Consumer, 'name' | 'categories' | 'eventTypes'>;

/** Number of events read at once when looking for the next one that concerns a subscription. */
const PAGE = 500;
/** Interval between two polls while callers are waiting. */
const POLL_INTERVAL_MS = 20;

/**
 * Waits for subscriptions that run in other processes by polling their checkpoints, with one query for all waiting
 * callers.
 */
export class CheckpointWatcher {
  #waiters: Waiter[] = [];
  #polling = false;

  constructor(
    private readonly store: EventStore,
    private readonly positions: (names: readonly string[]) => Promise<ReadonlyMap<string, bigint>>,
  ) {}

  async waitUntil(consumer: Watched, position: bigint, until: number): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waiters.push({ consumer, position, until, resolve });
      if (!this.#polling) void this.#poll();
    });
  }

  async #poll(): Promise<void> {
    this.#polling = true;
    while (this.#waiters.length > 0) {
      const waiters = this.#waiters;
      // Callers that arrive during the query may have appended after it began.
      this.#waiters = [];
      const reached = await this.#reached(waiters).catch(() => new Set<Waiter>());
      for (const waiter of waiters) this.#settle(waiter, reached.has(waiter));
      if (this.#waiters.length > 0) await sleep(POLL_INTERVAL_MS);
    }
    this.#polling = false;
  }

  #settle(waiter: Waiter, reached: boolean): void {
    if (reached || performance.now() >= waiter.until) waiter.resolve(reached);
    else this.#waiters.push(waiter);
  }

  async #reached(waiters: readonly Waiter[]): Promise<Set<Waiter>> {
    const positions = await this.positions([...new Set(waiters.map(({ consumer }) => consumer.name))]);
    const isBehind = ({ consumer, position }: Waiter): boolean => (positions.get(consumer.name) ?? 0n) < position;
    const reached = new Set(waiters.filter((waiter) => !isBehind(waiter)));
    for (const [name, behind] of byName(waiters.filter(isBehind)))
      for (const waiter of await this.#withNothingBetween(behind, positions.get(name) ?? 0n)) reached.add(waiter);
    return reached;
  }

  /**
   * The waiters with no event between the checkpoint and their position that concerns the subscription; a checkpoint is
   * only advanced occasionally while only other events arrive.
   */
  async #withNothingBetween(waiters: readonly Waiter[], checkpoint: bigint): Promise<Waiter[]> {
    const furthest = waiters.reduce((most, { position }) => (position > most ? position : most), 0n);
    const { next, upTo } = await this.#nextOf(waiters[0]!.consumer, checkpoint, furthest);
    return waiters.filter(({ position }) => (next === undefined ? position <= upTo : position < next.position));
  }

  /** The first event after a position that concerns the subscription, and up to where there is none. */
  async #nextOf(
    consumer: Watched,
    after: bigint,
    furthest: bigint,
  ): Promise<{ readonly next?: RecordedEvent; readonly upTo: bigint }> {
    const limit = consumer.eventTypes === undefined ? 1 : PAGE;
    for (let from = after; ;) {
      const { events, upTo } = await this.store.readBatch(consumer.categories, from, limit);
      const next = events.find((event) => concerns(consumer, event));
      if (next !== undefined) return { next, upTo };
      if (events.length < limit || upTo >= furthest) return { upTo };
      from = upTo;
    }
  }
}

function byName(waiters: readonly Waiter[]): Map<string, Waiter[]> {
  const groups = new Map<string, Waiter[]>();
  for (const waiter of waiters) {
    const { name } = waiter.consumer;
    groups.set(name, [...(groups.get(name) ?? []), waiter]);
  }
  return groups;
}
