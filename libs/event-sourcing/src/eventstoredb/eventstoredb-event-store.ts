import { randomUUID } from 'node:crypto';
import { HistoryLost } from '../errors.js';
import { NO_STREAM } from '../event-store.js';
import type { AppendResult, Batch, EventStore, NewEvent, RecordedEvent, StreamAppend } from '../event-store.js';
import { SILENT } from '../logger.js';
import type { Logger } from '../logger.js';
import { AppendWatch } from './append-watch.js';
import { Connection } from './connection.js';
import { KnownCommands } from './known-commands.js';

export interface EventStoreDbEventStoreOptions {
  /**
   * `esdb://user:password@host:2113?tls=true`, several hosts separated by commas, or `esdb+discover://...` for a
   * cluster.
   */
  readonly connectionString: string;
  readonly logger?: Logger;
}

const PAGE = 1_000;
/** Concurrent appends on the connection; a node accepts 100 concurrent calls, including reads and retries. */
const MAX_CONCURRENT_APPENDS = 40;
/** The id of its only event identifies the store. */
const IDENTITY_STREAM = 'allotree_store-identity';

/**
 * The event store on EventStoreDB 23.10 or newer. Positions are commit positions of its log.
 *
 * `readAll` never reads past an append in progress: a single thread of the leader writes the log, an append is written
 * as a whole, and a read ends where the log is replicated and indexed.
 */
export class EventStoreDbEventStore implements EventStore {
  readonly #connection: Connection;
  readonly #watch: AppendWatch;
  readonly #commands = new KnownCommands((streamName, from) => this.readStream(streamName, from));

  /** Connects, checks the required permissions and subscribes to append hints. */
  static async open(options: EventStoreDbEventStoreOptions): Promise<EventStoreDbEventStore> {
    const store = new EventStoreDbEventStore(options);
    try {
      await store.head();
      await store.#watch.start();
    } catch (error) {
      await store.close();
      throw error;
    }
    return store;
  }

  private constructor({ connectionString, logger = SILENT }: EventStoreDbEventStoreOptions) {
    this.#connection = new Connection(connectionString);
    this.#watch = new AppendWatch((onLive) => this.#connection.follow(onLive), logger);
  }

  /** Each stream is appended separately. If one gets no response, retry all of them; that is harmless. */
  async append(appends: readonly StreamAppend[]): Promise<readonly AppendResult[]> {
    assertValidStreams(appends);
    const results = new Array<AppendResult>(appends.length);
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let i; (i = next++) < appends.length;) results[i] = await this.#appendOne(appends[i]!);
    };
    const workers = await Promise.allSettled(
      Array.from({ length: Math.min(MAX_CONCURRENT_APPENDS, appends.length) }, worker),
    );
    if (results.some((result) => result?.ok)) this.#watch.appended();
    for (const outcome of workers) if (outcome.status === 'rejected') throw outcome.reason;
    return results;
  }

  async #appendOne(append: StreamAppend): Promise<AppendResult> {
    const eventIds = append.events.map(({ metadata }) => metadata.eventId);
    this.#watch.appending(eventIds);
    try {
      const result = await this.#connection.append(append);
      if (!result.ok) this.#watch.notAppended(eventIds);
      if (!result.ok) return result;
      const revision = append.expectedRevision + append.events.length;
      if (result.revision !== revision) throw new HistoryLost(append.streamName, append.expectedRevision + 1);
      return { ok: true, revision, position: result.position ?? (await this.#positionOf(append.streamName, revision)) };
    } catch (error) {
      this.#watch.notAppended(eventIds);
      throw error;
    }
  }

  /** Looks up the position of a repeated append that was acknowledged without one. */
  async #positionOf(streamName: string, revision: number): Promise<bigint> {
    const [event] = await this.#connection.readStream(streamName, revision, 1);
    if (!event) throw new Error(`event ${revision} of ${streamName} was appended but is not readable yet`);
    return event.position;
  }

  async *readStream(streamName: string, fromRevision = 0): AsyncIterable<RecordedEvent> {
    for (let next = fromRevision; ;) {
      const events = await this.#connection.readStream(streamName, next, PAGE);
      for (const event of events) {
        // Building a state from an incomplete history would be wrong without any error.
        if (event.revision !== next) throw new HistoryLost(streamName, next);
        yield event;
        next++;
      }
      if (events.length < PAGE) return;
    }
  }

  async streamRevision(streamName: string): Promise<number> {
    return (await this.#connection.lastOfStream(streamName))?.revision ?? NO_STREAM;
  }

  async findByCommand(streamName: string, commandId: string): Promise<readonly RecordedEvent[]> {
    const place = await this.#commands.find(streamName, commandId);
    const found: RecordedEvent[] = [];
    if (!place) return found;
    for await (const event of this.readStream(streamName, place.first)) {
      if (event.revision > place.last) break;
      if (event.metadata.commandId === commandId) found.push(event);
    }
    return found;
  }

  async readAll(categories: readonly string[], position: bigint, limit: number): Promise<readonly RecordedEvent[]> {
    if (categories.length === 0) return [];
    const prefixes = categories.map((category) => `${category}-`);
    return this.#connection.readAll(prefixes, position, limit);
  }

  async readBatch(categories: readonly string[], after: bigint, limit: number): Promise<Batch> {
    if (categories.length === 0) return { after, events: [], upTo: after };
    const prefixes = categories.map((category) => `${category}-`);
    return this.#connection.readBatch(prefixes, after, limit);
  }

  async identity(): Promise<string> {
    return (await this.#connection.firstOf(IDENTITY_STREAM, storeIdentified())).metadata.eventId;
  }

  head(): Promise<bigint> {
    return this.#connection.lastPosition();
  }

  onAppend(listener: (byAnotherProcess: boolean) => void): () => void {
    return this.#watch.listen(listener);
  }

  async close(): Promise<void> {
    const stopped = this.#watch.stop();
    await this.#connection.close();
    await stopped;
  }
}

function assertValidStreams(appends: readonly StreamAppend[]): void {
  const names = new Set<string>();
  for (const { streamName } of appends) {
    if (!/^[^-$][^-]*-/.test(streamName))
      throw new Error(`invalid stream name ${streamName}: it must be <category>-<id>`);
    if (names.has(streamName)) throw new Error(`${streamName} appears twice in one append`);
    names.add(streamName);
  }
}

const storeIdentified = (): NewEvent => ({
  type: 'StoreIdentified',
  data: {},
  metadata: {
    eventId: randomUUID(),
    correlationId: 'store-identity',
    causationId: null,
    commandId: 'store-identity',
    actor: 'service:event-store',
    tenantId: null,
    recordedAt: new Date().toISOString(),
  },
});
