import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Logger } from '../logger.js';

/** Yields the id of every event written after `onLive` was called, until the subscription ends or fails. */
type Follow = (onLive: () => void) => AsyncIterable<string>;

const MIN_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;
/** Maximum number of own events in progress. Forgetting one only costs an extra read, as it then counts as foreign. */
const MAX_OWN_EVENTS = 20_000;

/** Follows the store and notifies listeners of appends, distinguishing those of other processes. */
export class AppendWatch {
  readonly #listeners = new Set<(byAnotherProcess: boolean) => void>();
  readonly #own = new LRUCache<string, true>({ max: MAX_OWN_EVENTS });
  readonly #stopping = new AbortController();
  #running: Promise<void> | null = null;

  constructor(
    private readonly follow: Follow,
    private readonly logger: Logger,
  ) {}

  /** @throws if the store cannot be subscribed to */
  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#running = this.#run(resolve, reject);
    });
  }

  listen(listener: (byAnotherProcess: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Call before sending: the subscription may deliver the events before the append is answered. */
  appending(eventIds: readonly string[]): void {
    for (const id of eventIds) this.#own.set(id, true);
  }

  appended(): void {
    this.#notify(false);
  }

  /** The events were not appended, or the outcome is unknown; if they show up later they count as foreign. */
  notAppended(eventIds: readonly string[]): void {
    for (const id of eventIds) this.#own.delete(id);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#listeners.clear();
    await this.#running;
  }

  async #run(onStarted: () => void, onFailed: (error: unknown) => void): Promise<void> {
    let backoff = MIN_BACKOFF_MS;
    let started = false;
    const onLive = (): void => {
      // One hint covers everything missed in the meantime.
      if (started) this.#notify(true);
      started = true;
      backoff = MIN_BACKOFF_MS;
      onStarted();
    };
    while (!this.#stopping.signal.aborted) {
      const error = await this.#followOnce(onLive);
      if (!started) return onFailed(error ?? new Error('the store ended the subscription for append hints'));
      if (this.#stopping.signal.aborted) return;
      if (error !== null) this.logger.warn({ err: error }, 'subscription for append hints dropped, resubscribing');
      await sleep(backoff, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => undefined);
      backoff = Math.min(backoff * 2, MAX_BACKOFF_MS);
    }
  }

  /**
   * Returns why the subscription was dropped; `null` if the connection ended it because the leader may have changed.
   */
  async #followOnce(onLive: () => void): Promise<unknown> {
    try {
      for await (const eventId of this.follow(onLive)) if (!this.#own.delete(eventId)) this.#notify(true);
      return null;
    } catch (error) {
      return error;
    }
  }

  #notify(byAnotherProcess: boolean): void {
    for (const listener of this.#listeners) listener(byAnotherProcess);
  }
}
