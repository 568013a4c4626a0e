import type { Lease } from '@allotree/leases';
import type { DataSource, EntityManager } from 'typeorm';
import type { Batch, EventStore, RecordedEvent } from '../event-store.js';
import type { Logger } from '../logger.js';
import type { Checkpoint, Checkpoints } from './checkpoints.js';
import type { CrossStreamReader } from './cross-stream-reader.js';

/** The common part of projections and reactors. */
export interface Consumer {
  readonly name: string;
  readonly categories: readonly string[];
  readonly batchSize: number;
  /** Batches without any of these types are passed over. Absent: all types. */
  readonly eventTypes?: ReadonlySet<string>;
  /** Work outside the transaction, which may be repeated. Its result is passed to `apply`. */
  handle?(events: readonly RecordedEvent[]): Promise<unknown>;
  /** Writes that commit together with the checkpoint. */
  apply?(events: readonly RecordedEvent[], tx: EntityManager, prepared: unknown): Promise<void>;
}

/** Whether the consumer has to do with an event of its categories. */
export const concerns = ({ eventTypes }: Pick<Consumer, 'eventTypes'>, { type }: RecordedEvent): boolean =>
  eventTypes === undefined || eventTypes.has(type);

export interface SubscriptionMetrics {
  /** A batch was applied and its checkpoint committed. */
  applied?(name: string, events: number, milliseconds: number): void;
  /** The subscription stalled and is retrying. */
  failed?(name: string): void;
}

export interface SubscriptionDependencies {
  readonly store: EventStore;
  readonly reader: CrossStreamReader;
  readonly dataSource: DataSource;
  readonly checkpoints: Checkpoints;
  readonly logger: Logger;
  readonly metrics: SubscriptionMetrics;
}

/** Hints can be lost, so the store is also polled. */
const DEFAULT_POLL_INTERVAL_MS = 1_000;
/** Minimum interval between two reads, unless a caller is waiting or the last batch was full. */
const MIN_READ_INTERVAL_MS = 20;
const MIN_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 30_000;
/** Interval at which the checkpoint is advanced while only events arrive that do not concern the consumer. */
const SKIPPED_CHECKPOINT_INTERVAL_MS = 5_000;

/**
 * Processes events from its checkpoint in batches while it holds the lease. Everything it writes carries the fencing
 * token, so a paused process that resumes after a takeover changes nothing.
 */
export class Subscription {
  #lease: Lease | null = null;
  /** Whether the position was read from the checkpoint claimed under the lease. */
  #claimed = false;
  #position = 0n;
  #next: Promise<Batch> | null = null;
  /** The stored checkpoint, as far as this process knows. */
  #written = 0n;
  #writtenAt = 0;
  #failures = 0;
  #size: number;
  #wake: (() => void) | null = null;
  #readAt = Number.NEGATIVE_INFINITY;
  #delaying = false;
  #hinted = false;
  /** Waiting callers, notified of every move and when this process stops following. */
  readonly #waiters = new Set<() => void>();

  constructor(
    readonly consumer: Consumer,
    private readonly dependencies: SubscriptionDependencies,
  ) {
    this.#size = consumer.batchSize;
  }

  /** The current position if this process runs the subscription, else `null`. */
  get position(): bigint | null {
    return this.#lease?.held ? this.#position : null;
  }

  /** Runs until the lease ends, and returns once the current batch is committed. */
  async follow(lease: Lease): Promise<void> {
    const wake = (): void => this.hint();
    lease.signal.addEventListener('abort', wake);
    try {
      await this.#run(lease);
    } finally {
      lease.signal.removeEventListener('abort', wake);
      this.#lease = null;
      this.#notifyWaiters();
    }
  }

  /** Wakes the subscription: events may have been appended. */
  hint(): void {
    this.#hinted = true;
    if (!this.#delaying || this.#isAwaited || this.#lease?.signal.aborted) this.#wake?.();
  }

  get #isAwaited(): boolean {
    return this.#waiters.size > 0;
  }

  /** Whether the position was reached in time; `null` if this process does not run the subscription. */
  async waitUntil(position: bigint, until: number): Promise<boolean | null> {
    const answer = (): boolean | null => {
      if (this.position === null) return null;
      return this.#position >= position;
    };
    if (answer() !== false) return answer();
    return new Promise((resolve) => {
      const done = (reached: boolean | null): void => {
        clearTimeout(timer);
        this.#waiters.delete(check);
        resolve(reached);
      };
      const check = (): void => {
        const reached = answer();
        if (reached !== false) done(reached);
      };
      const timer = setTimeout(() => done(answer()), until - performance.now());
      this.#waiters.add(check);
      this.hint();
    });
  }

  async #run(lease: Lease): Promise<void> {
    this.#claimed = false;
    while (!lease.signal.aborted) {
      try {
        if (!(await this.#step(lease))) return;
      } catch (error) {
        this.#claimed = false;
        await this.#backOff(error, lease);
      }
    }
    await this.#writeSkipped(lease).catch((error: unknown) =>
      this.#logError(error, 'could not write the checkpoint on shutdown'),
    );
  }

  /** Processes one batch, or waits if there is none. Returns false if another process has the lease. */
  async #step(lease: Lease): Promise<boolean> {
    if (!this.#claimed && !(await this.#claim(lease))) return false;
    if (!this.#next) await this.#delayRead(lease);
    const batch = await (this.#next ?? this.#read(this.#position));
    this.#next = null;
    if (!batch.events.some((event) => concerns(this.consumer, event))) {
      await this.#skipTo(batch.upTo, lease);
      if (batch.events.length === 0) await this.#idle(lease);
      else this.#recovered();
      return true;
    }
    // Reads the next batch while this one is applied.
    if (batch.events.length === this.#size) this.#next = withHandledRejection(this.#read(batch.upTo));
    const outcome = await this.#apply(batch, lease);
    if (outcome !== 'applied') this.#next = null;
    this.#recovered();
    return outcome !== 'fenced';
  }

  /** Under load this combines many small appends into one batch; the first append after a pause is read at once. */
  async #delayRead(lease: Lease): Promise<void> {
    const wait = this.#readAt + MIN_READ_INTERVAL_MS - performance.now();
    if (wait > 0 && !this.#isAwaited && !lease.signal.aborted) {
      this.#delaying = true;
      await this.#sleep(wait);
      this.#delaying = false;
    }
    this.#readAt = performance.now();
  }

  /** Returns false if the lease has changed hands. */
  async #claim(lease: Lease): Promise<boolean> {
    const { dataSource, checkpoints } = this.dependencies;
    const position = await checkpoints.claim(dataSource, this.consumer.name, lease.fence);
    if (position === null) return false;
    this.#position = this.#written = position;
    this.#next = null;
    this.#claimed = true;
    this.#lease = lease;
    return true;
  }

  #read(after: bigint): Promise<Batch> {
    this.#hinted = false;
    return this.dependencies.reader.read(after, this.consumer.categories, this.#size);
  }

  /**
   * `fenced`: another process has the lease, and nothing was written. `overtaken`: the stored checkpoint has moved and
   * takes precedence.
   */
  async #apply(batch: Batch, lease: Lease): Promise<'applied' | 'overtaken' | 'fenced'> {
    const { metrics } = this.dependencies;
    const { name } = this.consumer;
    const start = performance.now();
    if (!lease.held) return 'fenced';
    const prepared = await this.consumer.handle?.(batch.events);
    const stored = await this.#commit(batch, lease, prepared);
    if (stored && stored.fence !== lease.fence) return 'fenced';
    this.#written = stored ? stored.position : batch.upTo;
    this.#writtenAt = performance.now();
    this.#moveTo(this.#written);
    if (stored) return 'overtaken';
    const milliseconds = performance.now() - start;
    metrics.applied?.(name, batch.events.length, milliseconds);
    this.dependencies.logger.debug?.(
      { subscription: name, events: batch.events.length, position: String(batch.upTo), durationMs: milliseconds },
      'events handled',
    );
    return 'applied';
  }

  /** Moves the checkpoint together with the writes of the batch; otherwise writes nothing and returns the checkpoint. */
  async #commit(batch: Batch, { fence }: Lease, prepared: unknown): Promise<Checkpoint | null> {
    const { dataSource, checkpoints } = this.dependencies;
    const { consumer } = this;
    // The stored checkpoint may be behind this process, because skipped events are only recorded occasionally.
    const move = { fence, from: { atLeast: this.#written, atMost: batch.after }, to: batch.upTo };
    if (!consumer.apply) return checkpoints.advance(dataSource, consumer.name, move);
    return dataSource.transaction(async (tx) => {
      const stored = await checkpoints.advance(tx, consumer.name, move);
      if (!stored) await consumer.apply?.(batch.events, tx, prepared);
      return stored;
    });
  }

  #moveTo(position: bigint): void {
    this.#position = position;
    this.#notifyWaiters();
  }

  #notifyWaiters(): void {
    for (const check of this.#waiters) check();
  }

  async #skipTo(upTo: bigint, lease: Lease): Promise<void> {
    if (upTo > this.#position) this.#moveTo(upTo);
    if (performance.now() - this.#writtenAt > SKIPPED_CHECKPOINT_INTERVAL_MS) await this.#writeSkipped(lease);
  }

  async #writeSkipped(lease: Lease): Promise<void> {
    if (this.#position === this.#written || !lease.held) return;
    const { dataSource, checkpoints } = this.dependencies;
    const { name } = this.consumer;
    const position = this.#position;
    await dataSource.transaction(async (tx) => {
      const stored = await checkpoints.lock(tx, name);
      if (stored.fence === lease.fence && stored.position === this.#written)
        await checkpoints.move(tx, name, { position, fence: lease.fence });
    });
    this.#written = position;
    this.#writtenAt = performance.now();
  }

  async #idle(lease: Lease): Promise<void> {
    const { pollIntervalMs = DEFAULT_POLL_INTERVAL_MS } = this.dependencies.store;
    if (!this.#hinted && !lease.signal.aborted) await this.#sleep(pollIntervalMs);
  }

  /** Never skips an event: retries with smaller batches until the failing event is alone. */
  async #backOff(error: unknown, lease: Lease): Promise<void> {
    this.dependencies.metrics.failed?.(this.consumer.name);
    this.#logError(error, 'subscription stalled, retrying');
    this.#size = Math.max(1, Math.floor(this.#size / 10));
    const wait = Math.min(MIN_BACKOFF_MS * 2 ** this.#failures++, MAX_BACKOFF_MS);
    const end = performance.now() + wait;
    while (!lease.signal.aborted && performance.now() < end) await this.#sleep(end - performance.now());
  }

  #recovered(): void {
    this.#failures = 0;
    this.#size = Math.min(this.#size * 10, this.consumer.batchSize);
  }

  #logError(err: unknown, message: string): void {
    const { name } = this.consumer;
    this.dependencies.logger.error(
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

/** Prevents an unhandled rejection; the error is handled where the promise is awaited. */
function withHandledRejection<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
