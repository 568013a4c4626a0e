import type { DataSource, EntityManager } from 'typeorm';
import type { EventStore, RecordedEvent } from '../event-store.js';
import type { Logger } from '../logger.js';
import type { Checkpoints } from './checkpoints.js';
import type { Batch, Tail } from './tail.js';

/** What a projection and a reactor have in common. */
export interface Consumer {
  readonly name: string;
  readonly categories: readonly string[];
  readonly batchSize: number;
  consume(events: readonly RecordedEvent[], tx: EntityManager): Promise<void>;
}

export interface SubscriptionMetrics {
  /** A batch was applied and its checkpoint committed. */
  applied?(name: string, events: number, milliseconds: number): void;
  /** It stands still at this event and tries again. */
  failed?(name: string): void;
}

export interface Environment {
  readonly store: EventStore;
  readonly tail: Tail;
  readonly dataSource: DataSource;
  readonly checkpoints: Checkpoints;
  readonly logger: Logger;
  readonly metrics: SubscriptionMetrics;
}

/** Hints of appends can get lost. */
const POLL_AFTER = 1_000;
/** The least time between two readings of the store, as long as nobody waits and there is no full batch. */
const GATHER = 20;
const FIRST_BACKOFF = 100;
const LONGEST_BACKOFF = 30_000;
/** How often a checkpoint follows when only events of other categories pass by. */
const WRITE_PASSED_BY_AFTER = 5_000;

/** Follows the store from its checkpoint on, one batch after the other, until it is stopped. */
export class Subscription {
  #position = 0n;
  /** The checkpoint in the database, as far as this process knows. */
  #written = 0n;
  #writtenAt = 0;
  #running: Promise<void> | null = null;
  #stopping = false;
  #failures = 0;
  #size: number;
  #wake: (() => void) | null = null;
  #readAt = Number.NEGATIVE_INFINITY;
  #gathering = false;
  #hinted = false;
  readonly #moved = new Set<() => void>();

  constructor(
    readonly consumer: Consumer,
    private readonly env: Environment,
  ) {
    this.#size = consumer.batchSize;
  }

  get position(): bigint {
    return this.#position;
  }

  start(): void {
    this.#stopping = false;
    this.#position = this.#written = 0n;
    this.#running ??= this.#run().finally(() => (this.#running = null));
  }

  /** Returns when the batch under way is committed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.hint();
    await this.#running;
  }

  /** Something may have been appended. */
  hint(): void {
    this.#hinted = true;
    if (!this.#gathering || this.#isAwaited || this.#stopping) this.#wake?.();
  }

  get #isAwaited(): boolean {
    return this.#moved.size > 0;
  }

  async waitUntil(position: bigint, timeoutMs: number): Promise<boolean> {
    if (this.#position >= position) return true;
    return new Promise((resolve) => {
      const done = (reached: boolean): void => {
        clearTimeout(timer);
        this.#moved.delete(check);
        resolve(reached);
      };
      const check = (): void => {
        if (this.#position >= position) done(true);
      };
      const timer = setTimeout(() => done(false), timeoutMs);
      this.#moved.add(check);
      this.hint();
    });
  }

  /** Events of its categories it has still to apply; counts to 1,000. */
  async behind(): Promise<number> {
    if (this.#position >= (await this.env.store.head())) return 0;
    return (await this.env.store.readAll(this.consumer.categories, this.#position, 1_000)).length;
  }

  async #run(): Promise<void> {
    let next: Promise<Batch> | null = null;
    let known = false;
    while (!this.#stopping) {
      try {
        if (!known) this.#position = this.#written = await this.#readCheckpoint();
        known = true;
        if (!next) await this.#gather();
        const batch: Batch = await (next ?? this.#read(this.#position));
        next = null;
        if (batch.events.length === 0) {
          await this.#passBy(batch.upTo);
          await this.#idle();
          continue;
        }
        // The next batch is read while this one is applied.
        if (batch.events.length === this.#size) next = settled(this.#read(batch.upTo));
        if (!(await this.#apply(batch))) next = null;
        this.#recovered();
      } catch (error) {
        next = null;
        known = false;
        await this.#backOff(error);
      }
    }
    await this.#writePassedBy().catch((error: unknown) =>
      this.#complain(error, 'its checkpoint could not be written at the end'),
    );
  }

  /** Under load many small appends come together to one batch; the first one after a pause is followed at once. */
  async #gather(): Promise<void> {
    const wait = this.#readAt + GATHER - performance.now();
    if (wait > 0 && !this.#isAwaited && !this.#stopping) {
      this.#gathering = true;
      await this.#sleep(wait);
      this.#gathering = false;
    }
    this.#readAt = performance.now();
  }

  async #readCheckpoint(): Promise<bigint> {
    return this.env.checkpoints.read(this.env.dataSource.manager, this.consumer.name);
  }

  #read(after: bigint): Promise<Batch> {
    this.#hinted = false;
    return this.env.tail.read(after, this.consumer.categories, this.#size);
  }

  /** False when another replica was faster: then its checkpoint counts, and the batch was not applied. */
  async #apply(batch: Batch): Promise<boolean> {
    const { dataSource, checkpoints, metrics } = this.env;
    const { name } = this.consumer;
    const start = performance.now();
    const stands = await dataSource.transaction(async (tx) => {
      const position = await checkpoints.lock(tx, name);
      // A checkpoint further back is ours: what passed by is written now and then only.
      if (position > batch.after || position < this.#written) return position;
      await this.consumer.consume(batch.events, tx);
      await checkpoints.move(tx, name, batch.upTo);
      return null;
    });
    this.#written = stands ?? batch.upTo;
    this.#writtenAt = performance.now();
    this.#moveTo(this.#written);
    if (stands === null) metrics.applied?.(name, batch.events.length, performance.now() - start);
    return stands === null;
  }

  #moveTo(position: bigint): void {
    this.#position = position;
    for (const check of this.#moved) check();
  }

  async #passBy(upTo: bigint): Promise<void> {
    if (upTo > this.#position) this.#moveTo(upTo);
    if (performance.now() - this.#writtenAt > WRITE_PASSED_BY_AFTER) await this.#writePassedBy();
  }

  async #writePassedBy(): Promise<void> {
    if (this.#position === this.#written) return;
    const { dataSource, checkpoints } = this.env;
    const position = this.#position;
    await dataSource.transaction(async (tx) => {
      if ((await checkpoints.lock(tx, this.consumer.name)) === this.#written)
        await checkpoints.move(tx, this.consumer.name, position);
    });
    this.#written = position;
    this.#writtenAt = performance.now();
  }

  async #idle(): Promise<void> {
    if (!this.#hinted) await this.#sleep(POLL_AFTER);
  }

  /** Nothing is skipped: it stays where it is, with ever smaller batches until the event that fails stands alone. */
  async #backOff(error: unknown): Promise<void> {
    this.env.metrics.failed?.(this.consumer.name);
    this.#complain(error, 'a subscription stands still; it will try again');
    this.#size = Math.max(1, Math.floor(this.#size / 10));
    const wait = Math.min(FIRST_BACKOFF * 2 ** this.#failures++, LONGEST_BACKOFF);
    const end = performance.now() + wait;
    while (!this.#stopping && performance.now() < end) await this.#sleep(end - performance.now());
  }

  #recovered(): void {
    this.#failures = 0;
    this.#size = Math.min(this.#size * 10, this.consumer.batchSize);
  }

  #complain(err: unknown, message: string): void {
    const { name } = this.consumer;
    this.env.logger.error(
      { err, subscription: name, after: String(this.#position), batchSize: this.#size, failures: this.#failures + 1 },
      message,
    );
  }

  async #sleep(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }
}

/** Its failure is seen by who awaits it later, not by the process. */
function settled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
