import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStore } from '../event-store.js';

/** A caller waiting for a subscription that runs in another process. */
export interface Waiter {
  readonly name: string;
  readonly categories: readonly string[];
  readonly position: bigint;
  /** Deadline on the clock of `performance.now()`. */
  readonly until: number;
  resolve(reached: boolean): void;
}

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

  async waitUntil(
    subscription: Pick<Waiter, 'name' | 'categories'>,
    position: bigint,
    until: number,
  ): Promise<boolean> {
    const { name, categories } = subscription;
    return new Promise((resolve) => {
      this.#waiters.push({ name, categories, position, until, resolve });
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
    const positions = await this.positions([...new Set(waiters.map(({ name }) => name))]);
    const isBehind = ({ name, position }: Waiter): boolean => (positions.get(name) ?? 0n) < position;
    const reached = new Set(waiters.filter((waiter) => !isBehind(waiter)));
    for (const [name, behind] of byName(waiters.filter(isBehind)))
      for (const waiter of await this.#withNothingBetween(behind, positions.get(name) ?? 0n)) reached.add(waiter);
    return reached;
  }

  /**
   * The waiters with no event between the checkpoint and their position; a checkpoint is only advanced occasionally
   * while only events of other categories arrive.
   */
  async #withNothingBetween(waiters: readonly Waiter[], checkpoint: bigint): Promise<Waiter[]> {
    const { events, upTo } = await this.store.readBatch(waiters[0]!.categories, checkpoint, 1);
    const [next] = events;
    return waiters.filter(({ position }) => (next === undefined ? position <= upTo : position < next.position));
  }
}

function byName(waiters: readonly Waiter[]): Map<string, Waiter[]> {
  const groups = new Map<string, Waiter[]>();
  for (const waiter of waiters) groups.set(waiter.name, [...(groups.get(waiter.name) ?? []), waiter]);
  return groups;
}
