import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import {
  BACKWARDS,
  CancelledError,
  DeadlineExceededError,
  END,
  EventStoreDBClient,
  FORWARDS,
  NO_STREAM as ESDB_NO_STREAM,
  NotLeaderError,
  START,
  StreamNotFoundError,
  UnavailableError,
  WrongExpectedVersionError,
  convertToCommandError,
  jsonEvent,
  streamNameFilter,
} from '@eventstore/db-client';
import type { BaseOptions, JSONType, RecordedEvent as StoredEvent, StreamingRead } from '@eventstore/db-client';
import { NO_STREAM } from '../event-store.js';
import { StoreUnavailable } from '../errors.js';
import type { Batch, EventMetadata, NewEvent, RecordedEvent, StreamAppend } from '../event-store.js';
import { describeError } from './describe-error.js';

/** Response of the server, which may acknowledge a repeated append without its position. */
type Appended =
  | { readonly ok: true; readonly revision: number; readonly position: bigint | null }
  | { readonly ok: false; readonly actualRevision: number };

/**
 * Number of redirects to a new leader per call, and the delay before each while the client closes the old connection.
 */
const MAX_REDIRECTS = 3;
const REDIRECT_DELAY_MS = 50;
/**
 * Reads of `$all` may scan many foreign events on a shared node, so they have a longer deadline and return what was
 * found when it expires.
 */
const READ_ALL_DEADLINE_MS = 60_000;
/**
 * A subscription without any message for this long is replaced: after a failover it may hang on a node that left the
 * cluster.
 */
const MAX_SILENCE_MS = 30_000;
/** Attempts to read the head and the events up to it from the same leader. */
const SAME_LEADER_ATTEMPTS = 3;
/** Number of foreign events that the node scans between two checkpoints. */
const SEARCH_WINDOW = 1_000;
/** Followers lag behind, so everything is read from the leader. */
const LEADER_ONLY = { requiresLeader: true } as const;

/**
 * A connection to EventStoreDB, or to KurrentDB over the same protocol. All use of the deprecated client is confined to
 * this class.
 */
export class Connection {
  readonly #client: EventStoreDBClient;
  readonly #reader: EventStoreDBClient;
  readonly #nodes: string;
  readonly #secured: boolean;
  /** Ends the current subscription. */
  #unfollow: () => void = () => undefined;
  #connections = 0;

  /** @throws if the connection string is invalid; the message does not repeat it, because it contains a password */
  constructor(url: string) {
    this.#nodes = nodesOf(url);
    this.#secured = !/[?&]tls=false/i.test(url);
    this.#client = clientOf(url);
    countConnections(this.#client, () => this.#connections++);
    this.#reader = withDeadlines(this.#client);
  }

  async append({ streamName, expectedRevision, events }: StreamAppend): Promise<Appended> {
    const expected = expectedRevision === NO_STREAM ? ESDB_NO_STREAM : BigInt(expectedRevision);
    const proposed = events.map(proposedOf);
    return this.#call(async () => {
      try {
        const { success, nextExpectedRevision, position } = await this.#client.appendToStream(streamName, proposed, {
          ...LEADER_ONLY,
          expectedRevision: expected,
        });
        // Only with throwOnAppendFailure=false in the connection string.
        if (!success) return { ok: false, actualRevision: Number(nextExpectedRevision) };
        return { ok: true, revision: Number(nextExpectedRevision), position: position?.commit ?? null };
      } catch (error) {
        if (error instanceof WrongExpectedVersionError)
          return { ok: false, actualRevision: revisionOf(error.actualVersion) };
        throw error;
      }
    });
  }

  /** Reads up to `limit` events of a stream in order. Returns nothing if the stream does not exist. */
  readStream(streamName: string, fromRevision: number, limit: number): Promise<RecordedEvent[]> {
    return this.#stream(streamName, { direction: FORWARDS, fromRevision: BigInt(fromRevision), maxCount: limit });
  }

  async lastOfStream(streamName: string): Promise<RecordedEvent | null> {
    const [last] = await this.#stream(streamName, { direction: BACKWARDS, fromRevision: END, maxCount: 1 });
    return last ?? null;
  }

  /** Reads up to `limit` events of streams with these name prefixes, after a position (exclusive). */
  async readAll(prefixes: readonly string[], after: bigint, limit: number): Promise<RecordedEvent[]> {
    return (await this.#call(() => this.#scan(prefixes, after, limit))).events;
  }

  /**
   * Like `readAll`, with the position up to which was read. The index of a newly elected leader may lag, so the head
   * and the events up to it must be read over one connection to one node.
   *
   * @throws StoreUnavailable if the leader keeps changing
   */
  async readBatch(prefixes: readonly string[], after: bigint, limit: number): Promise<Batch> {
    for (let attempt = 0; attempt < SAME_LEADER_ATTEMPTS; attempt++) {
      const connection = this.#connections;
      const head = await this.lastPosition();
      if (head <= after) return { after, events: [], upTo: after };
      const { events, complete } = await this.#call(() => this.#scan(prefixes, after, limit));
      const last = events.at(-1)?.position ?? after;
      if (!complete || events.length === limit) return { after, events, upTo: last };
      if (connection === this.#connections) return { after, events, upTo: head > last ? head : last };
    }
    throw this.#unavailable('changed its leader during a read');
  }

  #unavailable(what: string): StoreUnavailable {
    return new StoreUnavailable(`EventStoreDB at ${this.#nodes} ${what}. Retry.`);
  }

  /** Stops after the last wanted event, or at the deadline with the events found so far. */
  async #scan(
    prefixes: readonly string[],
    after: bigint,
    limit: number,
  ): Promise<{ events: RecordedEvent[]; complete: boolean }> {
    const events: RecordedEvent[] = [];
    // A read starts with the event at the position itself, if the filter matches it.
    const reading = filtering(this.#reader, prefixes).readAll({
      ...LEADER_ONLY,
      direction: FORWARDS,
      fromPosition: after === 0n ? START : { commit: after, prepare: after },
      maxCount: limit + 1,
      deadline: READ_ALL_DEADLINE_MS,
    });
    try {
      for await (const { event } of ignoreLateErrors(reading)) {
        if (isSystemEvent(event!) || event!.position.commit <= after) continue;
        events.push(recorded(event!));
        if (events.length === limit) break;
      }
    } catch (error) {
      if (convertToCommandError(error as Error) instanceof DeadlineExceededError && events.length > 0)
        return { events, complete: false };
      throw error;
    } finally {
      // Leaving the loop does not end the call, which would occupy a slot of the node until its deadline.
      await reading.cancel().catch(() => undefined);
    }
    return { events, complete: true };
  }

  /**
   * Returns the first event of a stream, writing it if necessary: with `NO_STREAM` only one of two concurrent writers
   * succeeds.
   */
  async firstOf(streamName: string, event: NewEvent): Promise<RecordedEvent> {
    const there = async (): Promise<RecordedEvent | undefined> => (await this.readStream(streamName, 0, 1))[0];
    const known = await there();
    if (known) return known;
    await this.append({ streamName, expectedRevision: NO_STREAM, events: [event] });
    const written = await there();
    if (!written) throw this.#unavailable(`does not show ${streamName} yet`);
    return written;
  }

  /** Position of the last event of the store, by any writer; 0 if the store is empty. */
  async lastPosition(): Promise<bigint> {
    const [last] = await this.#call(() =>
      collected(this.#reader.readAll({ ...LEADER_ONLY, direction: BACKWARDS, fromPosition: END, maxCount: 1 })),
    );
    return last?.event?.position?.commit ?? 0n;
  }

  /**
   * Yields the ids of all events written after `onLive` was called, except system events. Ends when the subscription
   * may no longer be connected to the leader: after a call that was redirected or failed, and after a long silence.
   */
  async *follow(onLive: () => void): AsyncIterable<string> {
    const filter = streamNameFilter({ regex: '^[^$]' });
    const subscription = this.#client.subscribeToAll({ ...LEADER_ONLY, fromPosition: END, filter });
    let ended = false;
    this.#unfollow = () => {
      ended = true;
      subscription.destroy();
    };
    subscription.once('confirmation', onLive);
    const silence = setTimeout(this.#unfollow, MAX_SILENCE_MS).unref();
    try {
      for await (const { event } of ignoreLateErrors(subscription)) {
        silence.refresh();
        if (event) yield event.id;
      }
    } catch (error) {
      if (!ended) throw this.#describe(error);
    } finally {
      clearTimeout(silence);
      // Leaving the loop does not end the call.
      await subscription.unsubscribe().catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    await this.#client.dispose();
    // Readers are not notified that the client closed their streams.
    this.#unfollow();
  }

  async #stream(
    streamName: string,
    options: Parameters<EventStoreDBClient['readStream']>[1],
  ): Promise<RecordedEvent[]> {
    return this.#call(async () => {
      try {
        const found = await collected(this.#reader.readStream(streamName, { ...LEADER_ONLY, ...options }));
        return found.map(({ event }) => recorded(event!));
      } catch (error) {
        if (error instanceof StreamNotFoundError) return [];
        throw error;
      }
    });
  }

  /** A follower names the leader, and the client connects to it for the next call. */
  async #call<T>(work: () => Promise<T>): Promise<T> {
    for (let redirects = 0; ; redirects++) {
      try {
        return await work();
      } catch (error) {
        if (isLeaderLost(error)) this.#unfollow();
        if (!(error instanceof NotLeaderError) || redirects === MAX_REDIRECTS) throw this.#describe(error);
        await sleep(REDIRECT_DELAY_MS);
      }
    }
  }

  #describe(error: unknown): Error {
    return describeError(convertToCommandError(error as Error), { nodes: this.#nodes, secured: this.#secured });
  }
}

/** Whether the node is no longer the leader or is unavailable; the client then connects to another one. */
function isLeaderLost(error: unknown): boolean {
  const known = convertToCommandError(error as Error);
  return known instanceof NotLeaderError || known instanceof UnavailableError || known instanceof CancelledError;
}

/** Calls back for each connection that the client opens, including reconnections to the same node. */
function countConnections(client: EventStoreDBClient, onConnection: () => void): void {
  const internals = client as unknown as ClientInternals;
  const { createChannel } = internals;
  const watch = (channel: Channel): void => {
    const state = channel.getConnectivityState(false);
    if (state === CHANNEL_SHUTDOWN) return;
    channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, (error) => {
      if (error) return;
      if (channel.getConnectivityState(false) === CHANNEL_READY) onConnection();
      watch(channel);
    });
  };
  internals.createChannel = async () => {
    onConnection();
    const channel = await createChannel();
    watch(channel);
    return channel;
  };
}

/** States of a gRPC channel. */
const CHANNEL_READY = 2;
const CHANNEL_SHUTDOWN = 4;

/** The part of a gRPC channel that is used here. */
interface Channel {
  getConnectivityState(tryToConnect: boolean): number;
  watchConnectivityState(current: number, deadline: number, callback: (error?: Error) => void): void;
}

/** Internals of the client that give access to protocol features its public API lacks. */
interface ClientInternals {
  supports(): Promise<boolean>;
  createChannel: () => Promise<Channel>;
  callArguments(options: BaseOptions, callOptions?: object): unknown[];
  GRPCStreamCreator(service: unknown, name: string, create: (grpc: Grpc) => unknown): () => Promise<unknown>;
}

interface Grpc {
  read(request: ReadReq, ...more: unknown[]): unknown;
}

function clientOf(url: string): EventStoreDBClient {
  const client = parsed(url);
  // Batch append shares one table of callers among all clients of the process, rejects them together and waits forever
  // for a missing response, so the client is made to append stream by stream.
  (client as unknown as ClientInternals).supports = () => Promise.resolve(false);
  return client;
}

function parsed(url: string): EventStoreDBClient {
  try {
    // The client takes the first @ as the end of the password, and would treat the rest as a host.
    if (/@[^?]*@/.test(url)) throw new Error('more than one @');
    return EventStoreDBClient.connectionString(url);
  } catch (error) {
    if (/certificate/i.test((error as Error).message)) throw error;
    // eslint-disable-next-line preserve-caught-error -- the cause contains parts of the password
    throw new Error(
      'invalid EventStoreDB connection string. Use esdb://user:password@host:2113?tls=true, and percent-encode the ' +
        'characters @ : / ? # % in the user and password.',
    );
  }
}

/** The same client with the deadline of the connection string (`defaultDeadline`, 10 s) applied to reads too. */
function withDeadlines(client: EventStoreDBClient): EventStoreDBClient {
  const internals = client as unknown as ClientInternals;
  const deadlines: Partial<ClientInternals> = { callArguments: (options) => internals.callArguments(options) };
  return Object.assign(Object.create(client) as EventStoreDBClient, deadlines);
}

/** The same client with a filter on reads of `$all`, which its API only offers for subscriptions. */
function filtering(client: EventStoreDBClient, prefixes: readonly string[]): EventStoreDBClient {
  const internals = client as unknown as ClientInternals;
  const { FilterOptions } = streams.ReadReq.Options;
  const names = new FilterOptions.Expression().setPrefixList([...prefixes]);
  const filter = new FilterOptions().setStreamIdentifier(names).setMax(SEARCH_WINDOW);
  const filters: Partial<ClientInternals> = {
    GRPCStreamCreator: (service, name, create) =>
      internals.GRPCStreamCreator(service, name, (grpc) =>
        create({
          read: (request, ...more) => {
            request.getOptions()!.setFilter(filter);
            return grpc.read(request, ...more);
          },
        }),
      ),
  };
  return Object.assign(Object.create(client) as EventStoreDBClient, filters);
}

async function collected<T>(reading: StreamingRead<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of ignoreLateErrors(reading)) all.push(item);
  return all;
}

/** Ignores errors raised after the reader has stopped listening, which would otherwise end the process. */
function ignoreLateErrors<Stream extends { on(event: 'error', listener: () => void): unknown }>(
  stream: Stream,
): Stream {
  stream.on('error', () => undefined);
  return stream;
}

/** EventStoreDB uses these metadata names to correlate events in its projections and UI. */
interface StoredMetadata extends Omit<EventMetadata, 'eventId' | 'correlationId' | 'causationId'> {
  readonly $correlationId: string;
  readonly $causationId?: string;
}

function proposedOf({ type, data = null, metadata }: NewEvent) {
  const { eventId, correlationId, causationId, ...rest } = metadata;
  const stored: StoredMetadata = {
    ...rest,
    $correlationId: correlationId,
    ...(causationId !== null && { $causationId: causationId }),
  };
  // The client serializes later, where a failure would end the process.
  JSON.stringify(data);
  return jsonEvent({ id: eventId, type, data: data as JSONType, metadata: { ...stored } });
}

/** System events written by the node into a stream, such as a tombstone. */
const isSystemEvent = ({ type }: StoredEvent): boolean => type.startsWith('$');

function recorded({ id, type, data, metadata, streamId, revision, position }: StoredEvent): RecordedEvent {
  const stored = metadata as unknown as StoredMetadata | undefined;
  if (!stored?.commandId)
    throw new Error(`event ${revision} of ${streamId} was not written by this system: its metadata has no command id`);
  const { $correlationId, $causationId = null, commandId, actor, tenantId, recordedAt, traceparent } = stored;
  return {
    type,
    data,
    metadata: {
      eventId: id,
      correlationId: $correlationId,
      causationId: $causationId,
      commandId,
      actor,
      tenantId,
      recordedAt,
      ...(traceparent !== undefined && { traceparent }),
    },
    streamName: streamId,
    revision: Number(revision),
    position: position!.commit,
  };
}

const revisionOf = (version: bigint | typeof ESDB_NO_STREAM): number =>
  version === ESDB_NO_STREAM ? NO_STREAM : Number(version);

/** `host:port,...`, without user and password. */
const nodesOf = (url: string): string => /^[^:]+:\/\/(?:[^@]*@)?([^@/?]*)/.exec(url)?.[1] ?? '';
