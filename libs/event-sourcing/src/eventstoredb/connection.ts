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

/** As the server answers; it may acknowledge a repeat without saying where the events are. */
type Appended =
  | { readonly ok: true; readonly revision: number; readonly position: bigint | null }
  | { readonly ok: false; readonly actualRevision: number };

/** How often a call follows to the leader that a node named, and when: the client is closing the old connection. */
const MAX_REDIRECTS = 3;
const REDIRECT_DELAY_MS = 50;
/**
 * Readings of `$all` may scan many events of others on a shared node before the first of ours, so they get longer than other
 * calls, and return what they have found when the time is up.
 */
const READ_ALL_DEADLINE_MS = 60_000;
/** A subscription that has been silent for so long is replaced: after a failover it may hang on a node that left the cluster. */
const MAX_SILENCE_MS = 30_000;
/** How often the head and the events after it are read again when the leader changes in between. */
const SAME_LEADER_ATTEMPTS = 3;
/** So many events of others the node may pass over at once in search of ours. */
const SEARCH_WINDOW = 1_000;
/** What only the leader has is what is true now; followers are behind. */
const LEADER_ONLY = { requiresLeader: true } as const;

/** A connection to EventStoreDB, or to KurrentDB by the same protocol. Nothing else touches the client, which is superseded. */
export class Connection {
  readonly #client: EventStoreDBClient;
  readonly #reader: EventStoreDBClient;
  readonly #nodes: string;
  readonly #secured: boolean;
  /** Ends the subscription that is followed. */
  #unfollow: () => void = () => undefined;
  #connections = 0;

  /** @throws when the connection string cannot be read; nothing of it is shown, as it has a password */
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
        // With throwOnAppendFailure=false in the connection string.
        if (!success) return { ok: false, actualRevision: Number(nextExpectedRevision) };
        return { ok: true, revision: Number(nextExpectedRevision), position: position?.commit ?? null };
      } catch (error) {
        if (error instanceof WrongExpectedVersionError)
          return { ok: false, actualRevision: revisionOf(error.actualVersion) };
        throw error;
      }
    });
  }

  /** Up to `limit` events of a stream from a revision on, oldest first. Empty when there is no such stream. */
  readStream(streamName: string, fromRevision: number, limit: number): Promise<RecordedEvent[]> {
    return this.#stream(streamName, { direction: FORWARDS, fromRevision: BigInt(fromRevision), maxCount: limit });
  }

  async lastOfStream(streamName: string): Promise<RecordedEvent | null> {
    const [last] = await this.#stream(streamName, { direction: BACKWARDS, fromRevision: END, maxCount: 1 });
    return last ?? null;
  }

  /** Up to `limit` events of the store, of streams whose names begin so, after a position (exclusive). */
  async readAll(prefixes: readonly string[], after: bigint, limit: number): Promise<RecordedEvent[]> {
    return (await this.#call(() => this.#scan(prefixes, after, limit))).events;
  }

  /**
   * `readAll` with the position up to which it looked. A newly elected leader may answer with an index that lags behind its
   * predecessor's, so the end of the store and the events before it must come over one connection to one node.
   *
   * @throws StoreUnavailable when the leader keeps changing
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
    throw this.#unavailable('changed its leader while it was read');
  }

  #unavailable(what: string): StoreUnavailable {
    return new StoreUnavailable(`EventStoreDB at ${this.#nodes} ${what}: retry`);
  }

  /** Stops at the last wanted event instead of scanning on, and at the deadline with what there is. */
  async #scan(
    prefixes: readonly string[],
    after: bigint,
    limit: number,
  ): Promise<{ events: RecordedEvent[]; complete: boolean }> {
    const events: RecordedEvent[] = [];
    // A reading begins with the event at the position itself, if it is one of these streams.
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
      // Its reader being gone does not end the call, which would take one of the node's places until its deadline.
      await reading.cancel().catch(() => undefined);
    }
    return { events, complete: true };
  }

  /** The event that was written first to a stream, or is there already: `NO_STREAM` decides between two that begin it. */
  async firstOf(streamName: string, event: NewEvent): Promise<RecordedEvent> {
    const there = async (): Promise<RecordedEvent | undefined> => (await this.readStream(streamName, 0, 1))[0];
    const known = await there();
    if (known) return known;
    await this.append({ streamName, expectedRevision: NO_STREAM, events: [event] });
    const written = await there();
    if (!written) throw this.#unavailable(`does not show ${streamName} yet`);
    return written;
  }

  /** The position of the last event of the store, whoever wrote it; 0 when it is empty. */
  async lastPosition(): Promise<bigint> {
    const [last] = await this.#call(() =>
      collected(this.#reader.readAll({ ...LEADER_ONLY, direction: BACKWARDS, fromPosition: END, maxCount: 1 })),
    );
    return last?.event?.position?.commit ?? 0n;
  }

  /**
   * The ids of events as they are written by anybody, the node itself excepted, after `onLive` was called. It ends when the
   * subscription may no longer be at the leader: when a call finds the leader elsewhere or gone, and after a long silence.
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
      // Its reader being gone does not end the call.
      await subscription.unsubscribe().catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    await this.#client.dispose();
    // The client hides from its readers that it ended their streams itself.
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

  /** A node that is not the leader says who is, and the client goes there with the next call. */
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

/** Whether the node that was asked no longer leads, or is gone; the client goes elsewhere with the next call. */
function isLeaderLost(error: unknown): boolean {
  const known = convertToCommandError(error as Error);
  return known instanceof NotLeaderError || known instanceof UnavailableError || known instanceof CancelledError;
}

/** Calls back for each connection that the client opens to a node, a repeated one to the same node included. */
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

/** What the client uses of a gRPC channel. */
interface Channel {
  getConnectivityState(tryToConnect: boolean): number;
  watchConnectivityState(current: number, deadline: number, callback: (error?: Error) => void): void;
}

/** What the client has for its own commands, and where they are short of something the protocol has. */
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
  // Its batches keep the callers of all clients of the process in one table, reject them together, and wait for ever
  // for an answer that does not come. What a node is said not to support is appended stream by stream.
  (client as unknown as ClientInternals).supports = () => Promise.resolve(false);
  return client;
}

function parsed(url: string): EventStoreDBClient {
  try {
    // The client takes the first @ for the end of the password, and the rest of it for a host.
    if (/@[^?]*@/.test(url)) throw new Error('more than one @');
    return EventStoreDBClient.connectionString(url);
  } catch (error) {
    if (/certificate/i.test((error as Error).message)) throw error;
    // eslint-disable-next-line preserve-caught-error -- it shows parts of the password
    throw new Error(
      'the connection string of EventStoreDB cannot be read: it is esdb://user:password@host:2113?tls=true, with the ' +
        'characters @ : / ? # % of user and password percent-encoded',
    );
  }
}

/** The same client, but readings end after the deadline of the connection string as well (`defaultDeadline`, 10 s). */
function withDeadlines(client: EventStoreDBClient): EventStoreDBClient {
  const internals = client as unknown as ClientInternals;
  const deadlines: Partial<ClientInternals> = { callArguments: (options) => internals.callArguments(options) };
  return Object.assign(Object.create(client) as EventStoreDBClient, deadlines);
}

/** The same client, but its readings of `$all` have a filter, which it offers for subscriptions only. */
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

/** An error that comes after the reader has turned away is heard by nobody, and harms nobody. */
function ignoreLateErrors<Stream extends { on(event: 'error', listener: () => void): unknown }>(
  stream: Stream,
): Stream {
  stream.on('error', () => undefined);
  return stream;
}

/** The names of the metadata by which EventStoreDB's own projections and pages follow what belongs together. */
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
  // The client makes the JSON where a failure would end the process.
  JSON.stringify(data);
  return jsonEvent({ id: eventId, type, data: data as JSONType, metadata: { ...stored } });
}

/** The node's own records in a stream of ours: that it was deleted for good, for example. */
const isSystemEvent = ({ type }: StoredEvent): boolean => type.startsWith('$');

function recorded({ id, type, data, metadata, streamId, revision, position }: StoredEvent): RecordedEvent {
  const stored = metadata as unknown as StoredMetadata | undefined;
  if (!stored?.commandId)
    throw new Error(`event ${revision} of ${streamId} was not written here: no command is named in it`);
  const { $correlationId, $causationId = null, commandId, actor, tenantId, recordedAt } = stored;
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
    },
    streamName: streamId,
    revision: Number(revision),
    position: position!.commit,
  };
}

const revisionOf = (version: bigint | typeof ESDB_NO_STREAM): number =>
  version === ESDB_NO_STREAM ? NO_STREAM : Number(version);

/** `host:port,...`, without the user and the password. */
const nodesOf = (url: string): string => /^[^:]+:\/\/(?:[^@]*@)?([^@/?]*)/.exec(url)?.[1] ?? '';
