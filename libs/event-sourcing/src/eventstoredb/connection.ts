import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import {
  BACKWARDS,
  END,
  EventStoreDBClient,
  FORWARDS,
  NO_STREAM as NO_STREAM_THERE,
  NotLeaderError,
  START,
  StreamNotFoundError,
  WrongExpectedVersionError,
  convertToCommandError,
  jsonEvent,
  streamNameFilter,
} from '@eventstore/db-client';
import type {
  AllStreamSubscription,
  BaseOptions,
  JSONType,
  RecordedEvent as StoredEvent,
  StreamingRead,
} from '@eventstore/db-client';
import { NO_STREAM } from '../event-store.js';
import type { EventMetadata, NewEvent, RecordedEvent, StreamAppend } from '../event-store.js';
import { explained } from './explained.js';

/** As the server answers; it may acknowledge a repeat without saying where the events are. */
type Appended =
  { readonly ok: true; readonly position: bigint | null } | { readonly ok: false; readonly actualRevision: number };

/** How often a call follows to the leader that a node named, and when: the client is closing the old connection. */
const REDIRECTIONS = 3;
const REDIRECTION_PAUSE = 50;
/** So many events of others the node may pass over at once in search of ours. */
const SEARCH_WINDOW = 1_000;
/** What only the leader has is what is true now; followers are behind. */
const AT_THE_LEADER = { requiresLeader: true } as const;

/** A connection to EventStoreDB, or to KurrentDB by the same protocol. Nothing else touches the client, which is superseded. */
export class Connection {
  readonly #client: EventStoreDBClient;
  readonly #reader: EventStoreDBClient;
  readonly #nodes: string;
  readonly #secured: boolean;
  #following: AllStreamSubscription | null = null;

  /** @throws when the connection string cannot be read; nothing of it is shown, as it has a password */
  constructor(url: string) {
    this.#nodes = nodesOf(url);
    this.#secured = !/[?&]tls=false/i.test(url);
    this.#client = clientOf(url);
    this.#reader = withDeadlines(this.#client);
  }

  async append({ streamName, expectedRevision, events }: StreamAppend): Promise<Appended> {
    const expected = expectedRevision === NO_STREAM ? NO_STREAM_THERE : BigInt(expectedRevision);
    const proposed = events.map(proposedOf);
    return this.#ask(async () => {
      try {
        const { success, nextExpectedRevision, position } = await this.#client.appendToStream(streamName, proposed, {
          ...AT_THE_LEADER,
          expectedRevision: expected,
        });
        // With throwOnAppendFailure=false in the connection string.
        if (!success) return { ok: false, actualRevision: Number(nextExpectedRevision) };
        return { ok: true, position: position?.commit ?? null };
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
    const fromPosition = after === 0n ? START : { commit: after, prepare: after };
    // A reading begins with the event at the position itself, if it is one of these streams.
    const maxCount = limit + 1;
    const found = await this.#ask(async () => {
      const reader = filtering(this.#reader, prefixes);
      return collected(reader.readAll({ ...AT_THE_LEADER, direction: FORWARDS, fromPosition, maxCount }));
    });
    const events = found.map(({ event }) => recorded(event!));
    return events.filter(({ position }) => position > after).slice(0, limit);
  }

  /** The position of the last event of the store, whoever wrote it; 0 when it is empty. */
  async lastPosition(): Promise<bigint> {
    const [last] = await this.#ask(() =>
      collected(this.#reader.readAll({ ...AT_THE_LEADER, direction: BACKWARDS, fromPosition: END, maxCount: 1 })),
    );
    return last?.event?.position?.commit ?? 0n;
  }

  /** The ids of events as they are written by anybody, the node itself excepted, after `onLive` was called. */
  async *follow(onLive: () => void): AsyncIterable<string> {
    const filter = streamNameFilter({ regex: '^[^$]' });
    const subscription = this.#client.subscribeToAll({ ...AT_THE_LEADER, fromPosition: END, filter });
    this.#following = subscription;
    subscription.once('confirmation', onLive);
    try {
      for await (const { event } of quiet(subscription)) if (event) yield event.id;
    } catch (error) {
      throw this.#explained(error);
    } finally {
      this.#following = null;
    }
  }

  async close(): Promise<void> {
    await this.#client.dispose();
    // The client hides from its readers that it ended their streams itself.
    this.#following?.destroy();
  }

  async #stream(
    streamName: string,
    options: Parameters<EventStoreDBClient['readStream']>[1],
  ): Promise<RecordedEvent[]> {
    return this.#ask(async () => {
      try {
        const found = await collected(this.#reader.readStream(streamName, { ...AT_THE_LEADER, ...options }));
        return found.map(({ event }) => recorded(event!));
      } catch (error) {
        if (error instanceof StreamNotFoundError) return [];
        throw error;
      }
    });
  }

  /** A node that is not the leader says who is, and the client goes there with the next call. */
  async #ask<T>(work: () => Promise<T>): Promise<T> {
    for (let redirections = 0; ; redirections++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof NotLeaderError) || redirections === REDIRECTIONS) throw this.#explained(error);
        await sleep(REDIRECTION_PAUSE);
      }
    }
  }

  #explained(error: unknown): Error {
    return explained(convertToCommandError(error as Error), { nodes: this.#nodes, secured: this.#secured });
  }
}

/** What the client has for its own commands, and where they are short of something the protocol has. */
interface Inside {
  supports(): Promise<boolean>;
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
  (client as unknown as Inside).supports = () => Promise.resolve(false);
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
  const inside = client as unknown as Inside;
  const deadlines: Partial<Inside> = { callArguments: (options) => inside.callArguments(options) };
  return Object.assign(Object.create(client) as EventStoreDBClient, deadlines);
}

/** The same client, but its readings of `$all` have a filter, which it offers for subscriptions only. */
function filtering(client: EventStoreDBClient, prefixes: readonly string[]): EventStoreDBClient {
  const inside = client as unknown as Inside;
  const { FilterOptions } = streams.ReadReq.Options;
  const names = new FilterOptions.Expression().setPrefixList([...prefixes]);
  const filter = new FilterOptions().setStreamIdentifier(names).setMax(SEARCH_WINDOW);
  const filters: Partial<Inside> = {
    GRPCStreamCreator: (service, name, create) =>
      inside.GRPCStreamCreator(service, name, (grpc) =>
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
  for await (const item of quiet(reading)) all.push(item);
  return all;
}

/** An error that comes after the reader has turned away is heard by nobody, and harms nobody. */
function quiet<Stream extends { on(event: 'error', listener: () => void): unknown }>(stream: Stream): Stream {
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

const revisionOf = (version: bigint | typeof NO_STREAM_THERE): number =>
  version === NO_STREAM_THERE ? NO_STREAM : Number(version);

/** `host:port,...`, without the user and the password. */
const nodesOf = (url: string): string => /^[^:]+:\/\/(?:[^@]*@)?([^@/?]*)/.exec(url)?.[1] ?? '';
