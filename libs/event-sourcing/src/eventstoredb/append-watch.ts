import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Logger } from '../logger.js';

/** The ids of events as anybody writes them, after `onLive` was called, until it ends or throws. */
type Follow = (onLive: () => void) => AsyncIterable<string>;

const MIN_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;
/** Own events that may be under way. One that is forgotten counts as somebody else's, which costs a look more. */
const MAX_OWN_EVENTS = 20_000;

/** Tells listeners of appends, by following the store, and which of them another process made. */
export class AppendWatch {
  readonly #listeners = new Set<(byAnotherProcess: boolean) => void>();
  readonly #own = new LRUCache<string, true>({ max: MAX_OWN_EVENTS });
  readonly #stopping = new AbortController();
  #running: Promise<void> | null = null;

  constructor(
    private readonly follow: Follow,
    private readonly logger: Logger,
  ) {}

  /** @throws when the store cannot be followed at all */
  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#running = this.#run(resolve, reject);
    });
  }

  listen(listener: (byAnotherProcess: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Before it is sent: its events may be seen before its answer comes. */
  appending(eventIds: readonly string[]): void {
    for (const id of eventIds) this.#own.set(id, true);
  }

  appended(): void {
    this.#notify(false);
  }

  /** Not appended, or not known to be: who sees these events later sees them as somebody else's. */
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
      // Whatever was missed meanwhile counts as one hint.
      if (started) this.#notify(true);
      started = true;
      backoff = MIN_BACKOFF_MS;
      onStarted();
    };
    while (!this.#stopping.signal.aborted) {
      const error = await this.#followOnce(onLive);
      if (!started) return onFailed(error ?? new Error('the store ended the subscription for append hints'));
      if (this.#stopping.signal.aborted) return;
      if (error !== null)
        this.logger.warn({ err: error }, 'the subscription for append hints was dropped; subscribing again');
      await sleep(backoff, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => undefined);
      backoff = Math.min(backoff * 2, MAX_BACKOFF_MS);
    }
  }

  /** Why it was dropped; `null`: the connection ended it, because it may no longer be at the leader. */
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
