/**
 * The event store port. Adapters: PostgreSQL (`postgres/`), EventStoreDB (`eventstoredb/`). The same contract suite
 * runs on each.
 */

/** Metadata of an event. Ids are derived from the command id and what it records, so repeating an append is harmless. */
export interface EventMetadata {
  /** A UUID, derived by `eventIdOf` from the command id, the revision, the type, the data and whether it is the last event of the command. */
  readonly eventId: string;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly commandId: string;
  /** Who sent the command: `user:<id>`, `service:<name>`. */
  readonly actor: string;
  readonly tenantId: string | null;
  /** When the event was decided, by the clock of the runtime (ISO 8601, UTC). A retried append keeps it. */
  readonly recordedAt: string;
  /** W3C trace context of the command, where tracing is on. */
  readonly traceparent?: string;
}

/** The category of a stream `<category>-<id>`; empty where the name has none. */
export const categoryOf = (streamName: string): string => streamName.slice(0, Math.max(0, streamName.indexOf('-')));

export interface NewEvent {
  /** PascalCase, past tense, unique in the system, with suffix `.v2` after a breaking change; never a class name. */
  readonly type: string;
  readonly data: unknown;
  readonly metadata: EventMetadata;
}

export interface RecordedEvent extends NewEvent {
  /** `<category>-<id>`; a category contains no `-`. */
  readonly streamName: string;
  /** 0 for the first event of its stream. */
  readonly revision: number;
  /** Position in the global order of the store. */
  readonly position: bigint;
}

/** Revision of a stream without events. */
export const NO_STREAM = -1;

export interface StreamAppend {
  readonly streamName: string;
  /** Revision of the last event that the decision was based on, or `NO_STREAM`. */
  readonly expectedRevision: number;
  readonly events: readonly NewEvent[];
}

/** One result per `StreamAppend`, in the same order. A conflict in one stream does not affect the others. */
export type AppendResult =
  | { readonly ok: true; readonly revision: number; readonly position: bigint }
  | { readonly ok: false; readonly actualRevision: number };

/** A contiguous part of the store, in global order. */
export interface Batch {
  /** The position after which the batch was read. */
  readonly after: bigint;
  readonly events: readonly RecordedEvent[];
  /** There is no other event of the categories between the last of `events` and this position. */
  readonly upTo: bigint;
}

export interface EventStore {
  /**
   * Appends to several streams in one round trip, each atomically and at its expected revision. Events whose ids are
   * already stored at the same revisions count as appended. The events are durable when the promise resolves.
   */
  append(appends: readonly StreamAppend[]): Promise<readonly AppendResult[]>;
  /**
   * Reads a stream in order, from `fromRevision` (inclusive, default 0). Yields nothing if the stream does not exist.
   */
  readStream(streamName: string, fromRevision?: number): AsyncIterable<RecordedEvent>;
  /** The revision of the last event of a stream, or `NO_STREAM`. */
  streamRevision(streamName: string): Promise<number>;
  /** The events that a command recorded in a stream; used to detect repeated commands. */
  findByCommand(streamName: string, commandId: string): Promise<readonly RecordedEvent[]>;
  /**
   * Reads up to `limit` events of these categories after `position` (exclusive), in global order. Never reads past an
   * append in progress, so no event can appear later before a position that was read.
   */
  readAll(categories: readonly string[], position: bigint, limit: number): Promise<readonly RecordedEvent[]>;
  /**
   * Like `readAll`, with the position up to which the store was read. Both reflect one state of the store: it counts as
   * unavailable if its leader changes in between.
   */
  readBatch(categories: readonly string[], after: bigint, limit: number): Promise<Batch>;
  /**
   * Permanent identity of the store. Positions of one store are meaningless in another, so anything that saves
   * positions saves the identity with them.
   */
  identity(): Promise<string>;
  /** The position after which `readAll` currently returns nothing. */
  head(): Promise<bigint>;
  /** How often followers read without a hint (ms), because hints can be lost. Default 1,000. */
  readonly pollIntervalMs?: number;
  /**
   * Calls back soon after an append (a hint that can be lost) and passes whether another process made it, in which case
   * states cached by this process may be outdated. Returns a function that unsubscribes.
   */
  onAppend(listener: (byAnotherProcess: boolean) => void): () => void;
  close(): Promise<void>;
}

/**
 * `EventStore.readBatch` for a store on a single server: the head is read first, so everything up to it is covered by
 * `readAll`.
 */
export async function readBatchOf(
  store: Pick<EventStore, 'head' | 'readAll'>,
  categories: readonly string[],
  after: bigint,
  limit: number,
): Promise<Batch> {
  const head = await store.head();
  if (head <= after) return { after, events: [], upTo: after };
  const events = await store.readAll(categories, after, limit);
  const last = events.at(-1)?.position ?? after;
  return { after, events, upTo: events.length < limit && head > last ? head : last };
}
