import { setTimeout as sleep } from 'node:timers/promises';
import { OutcomeUnknown, StorageFull, type AppendFailure } from '../errors.js';
import type { AppendResult, EventStore, StreamAppend } from '../event-store.js';
import type { Logger } from '../logger.js';

/** More events than this share no call, unless one command alone has more. */
export const MAX_EVENTS_IN_A_CALL = 2_000;
/** While one call is being made durable the next is decided and sent; more would only make smaller batches. */
const MAX_CONCURRENT_CALLS = 2;
/** So many ready streams are worth two calls side by side, when none is under way; else all wait for one and then for the next. */
const MIN_STREAMS_FOR_TWO_CALLS = 64;
/** A call without an answer is sent again (the ids of its events make that harmless), after so many milliseconds each time. */
export const APPEND_RETRY_DELAYS_MS = [50, 200, 800, 2_000];

/** A stream that has something to decide. */
export interface ReadyStream {
  /** Decides what waits. At most `room` events, unless `room` is a whole call; null: nothing to append. */
  takeTurn(room: number): StreamAppend | null;
  /** How the append of the last turn ended; `OutcomeUnknown` when the store gave no answer, `StorageFull` when it has no room. */
  appendEnded(result: AppendResult | AppendFailure): void;
}

/** Lets the streams that are ready at the same time share one round trip to the store. */
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

  /** Not at once: what arrives in the same round of the event loop goes along. */
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
    // Who gets ready during this comes into the next call: a command too large for what room is left, for one.
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
        'an append got no answer and is repeated',
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

  /** Each stream alone, so that one the store cannot take does not spoil the others. */
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
    this.logger.error({ err: lastError, stream: append.streamName }, 'an append got no answer and is given up');
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
