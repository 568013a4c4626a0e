import { setTimeout as sleep } from 'node:timers/promises';
import { OutcomeUnknown, StorageFull, type AppendFailure } from '../errors.js';
import type { AppendResult, EventStore, StreamAppend } from '../event-store.js';
import type { Logger } from '../logger.js';

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
export const APPEND_RETRY_DELAYS_MS = [50, 200, 800, 2_000];

/** A stream with requests to decide. */
export interface ReadyStream {
  /**
   * Decides the waiting requests, with at most `room` events unless `room` is a whole call; null: nothing to append.
   */
  takeTurn(room: number): StreamAppend | null;
  /**
   * Reports the result of the append of the last turn; `OutcomeUnknown` if the store did not respond, `StorageFull` if
   * its disk is full.
   */
  appendEnded(result: AppendResult | AppendFailure): void;
}

/** Combines the streams that are ready at the same time into one round trip to the store. */
export class GroupCommit {
  readonly #ready: ReadyStream[] = [];
  #inFlight = 0;
  #scheduled = false;

  constructor(
    private readonly store: EventStore,
    private readonly logger: Logger,
    private readonly retryDelays: readonly number[],
    private readonly onAppended: (events: number, streams: number, milliseconds: number, position: bigint) => void,
  ) {}

  add(stream: ReadyStream): void {
    this.#ready.push(stream);
    this.#schedule();
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
      if (call.streams.length > 0) void this.#send(call);
    }
  }

  #nextCall(): Call {
    const call: Call = { streams: [], appends: [], events: 0 };
    // Streams that become ready meanwhile join the next call, for example with a command too large for the remaining
    // room.
    const ready = this.#ready.splice(0);
    const half = this.#inFlight === 0 && ready.length >= MIN_STREAMS_FOR_TWO_CALLS;
    const limit = half ? Math.ceil(ready.length / 2) : ready.length;
    let taken = 0;
    for (; taken < limit && call.events < MAX_EVENTS_IN_A_CALL; taken++) {
      const append = ready[taken]!.takeTurn(MAX_EVENTS_IN_A_CALL - call.events);
      if (!append) continue;
      call.streams.push(ready[taken]!);
      call.appends.push(append);
      call.events += append.events.length;
    }
    this.#ready.unshift(...ready.slice(taken));
    return call;
  }

  async #send(call: Call): Promise<void> {
    this.#inFlight++;
    const start = performance.now();
    let results: readonly AppendResult[];
    try {
      results = await this.store.append(call.appends);
    } catch (error) {
      if (error instanceof StorageFull) return call.streams.forEach((stream) => stream.appendEnded(error));
      this.logger.warn(
        { err: error, streams: call.streams.length, events: call.events },
        'append unanswered, retrying',
      );
      call.streams.forEach((stream, i) => void this.#retry(stream, call.appends[i]!, error));
      return;
    } finally {
      this.#inFlight--;
      this.#schedule();
    }
    this.onAppended(call.events, call.streams.length, performance.now() - start, highest(results));
    call.streams.forEach((stream, i) => stream.appendEnded(results[i]!));
  }

  /** Retries each stream separately, so that a stream that always fails does not affect the others. */
  async #retry(stream: ReadyStream, append: StreamAppend, firstError: unknown): Promise<void> {
    let lastError = firstError;
    for (const wait of this.retryDelays) {
      await sleep(wait);
      try {
        const start = performance.now();
        const results = await this.store.append([append]);
        this.onAppended(append.events.length, 1, performance.now() - start, highest(results));
        return stream.appendEnded(results[0]!);
      } catch (error) {
        lastError = error;
      }
    }
    this.logger.error({ err: lastError, stream: append.streamName }, 'append unanswered, retries exhausted');
    stream.appendEnded(new OutcomeUnknown(append.streamName, lastError));
  }
}

interface Call {
  readonly streams: ReadyStream[];
  readonly appends: StreamAppend[];
  events: number;
}

function highest(results: readonly AppendResult[]): bigint {
  let position = 0n;
  for (const result of results) if (result.ok && result.position > position) position = result.position;
  return position;
}
