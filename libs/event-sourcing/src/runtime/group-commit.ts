import { setTimeout as sleep } from 'node:timers/promises';
import { OutcomeUnknown, StorageFull, type AppendFailure } from '../errors.js';
import type { AppendResult, EventStore, StreamAppend } from '../event-store.js';
import type { Logger } from '../logger.js';
import type { RuntimeMetrics } from './metrics.js';

/** Maximum number of events per call, unless a single command has more. */
export const MAX_EVENTS_IN_A_CALL = 2_000;
/**
 * While one call is being made durable the next one is decided and sent; more concurrency would only make batches
 * smaller.
 */
const MAX_CONCURRENT_CALLS = 2;
/**
 * With at least this many ready streams and no call in progress, they are split into two concurrent calls; fewer share
 * one.
 */
const MIN_STREAMS_FOR_TWO_CALLS = 64;
/** Delays in milliseconds before each retry of an unanswered append, which is harmless because event ids repeat. */
const APPEND_RETRY_DELAYS_MS = [50, 200, 800, 2_000];

/** A stream with requests to decide. */
export interface ReadyStream {
  /**
   * Decides the waiting requests, with at most `room` events unless `room` is a whole call; null: nothing to append.
   */
  takeTurn(room: number): StreamAppend | null;
}

/**
 * The result of a turn: `null` if there was nothing to append; `OutcomeUnknown` if the store did not respond,
 * `StorageFull` if its disk is full.
 */
export type TurnResult = AppendResult | AppendFailure | null;

/** Combines the streams that are ready at the same time into one round trip to the store. */
export class GroupCommit {
  readonly #ready: Participant[] = [];
  #inFlight = 0;
  #scheduled = false;
  #lastPosition = 0n;

  constructor(
    private readonly store: EventStore,
    private readonly metrics: RuntimeMetrics,
    private readonly logger: Logger,
    private readonly retryDelays: readonly number[] = APPEND_RETRY_DELAYS_MS,
  ) {}

  /** The last position that was appended. */
  get lastPosition(): bigint {
    return this.#lastPosition;
  }

  /** Calls `takeTurn` of the stream as soon as there is room for it, and appends its events. */
  join(stream: ReadyStream): Promise<TurnResult> {
    return new Promise((resolve) => {
      this.#ready.push({ stream, resolve });
      this.#schedule();
    });
  }

  /** Deferred, so that streams that become ready in the same iteration of the event loop share the call. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#fill();
    });
  }

  #fill(): void {
    while (this.#ready.length > 0 && this.#inFlight < MAX_CONCURRENT_CALLS) {
      const call = this.#nextCall();
      if (call.appends.length > 0) void this.#send(call);
    }
  }

  #nextCall(): Call {
    const call: Call = { participants: [], appends: [], events: 0 };
    const ready = this.#ready.splice(0);
    const half = this.#inFlight === 0 && ready.length >= MIN_STREAMS_FOR_TWO_CALLS;
    const limit = half ? Math.ceil(ready.length / 2) : ready.length;
    let taken = 0;
    for (; taken < limit && call.events < MAX_EVENTS_IN_A_CALL; taken++) {
      const participant = ready[taken]!;
      const append = participant.stream.takeTurn(MAX_EVENTS_IN_A_CALL - call.events);
      if (!append) {
        participant.resolve(null);
        continue;
      }
      call.participants.push(participant);
      call.appends.push(append);
      call.events += append.events.length;
    }
    this.#ready.unshift(...ready.slice(taken));
    return call;
  }

  async #send({ participants, appends, events }: Call): Promise<void> {
    this.#inFlight++;
    let results: readonly TurnResult[];
    try {
      results = await this.#append(appends, events);
    } catch (error) {
      if (error instanceof StorageFull) results = appends.map(() => error);
      else {
        this.logger.warn({ err: error, streams: appends.length, events }, 'append unanswered, retrying');
        participants.forEach((participant, i) => void this.#retry(participant, appends[i]!, error));
        return;
      }
    } finally {
      this.#inFlight--;
      this.#schedule();
    }
    participants.forEach((participant, i) => participant.resolve(results[i]!));
  }

  /** Retries each stream separately, so that a stream that always fails does not affect the others. */
  async #retry(participant: Participant, append: StreamAppend, firstError: unknown): Promise<void> {
    let lastError = firstError;
    for (const wait of this.retryDelays) {
      await sleep(wait);
      try {
        const [result] = await this.#append([append], append.events.length);
        return participant.resolve(result!);
      } catch (error) {
        lastError = error;
      }
    }
    this.logger.error({ err: lastError, stream: append.streamName }, 'append unanswered, retries exhausted');
    participant.resolve(new OutcomeUnknown(append.streamName, lastError));
  }

  async #append(appends: readonly StreamAppend[], events: number): Promise<readonly AppendResult[]> {
    const start = performance.now();
    const results = await this.store.append(appends);
    const milliseconds = performance.now() - start;
    for (const result of results)
      if (result.ok && result.position > this.#lastPosition) this.#lastPosition = result.position;
    this.metrics.appended?.(events, appends.length, milliseconds);
    this.logger.debug?.({ events, streams: appends.length, durationMs: milliseconds }, 'events appended');
    return results;
  }
}

interface Participant {
  readonly stream: ReadyStream;
  resolve(result: TurnResult): void;
}

interface Call {
  readonly participants: Participant[];
  readonly appends: StreamAppend[];
  events: number;
}
