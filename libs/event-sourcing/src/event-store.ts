/** The event store port. Adapters: PostgreSQL (`postgres/`), EventStoreDB (`eventstoredb/`). One contract suite runs on each. */

/** What is known about an event besides its payload. Ids derive from the command id, so a repeated append is harmless. */
export interface EventMetadata {
  /** A UUID: `deriveId(commandId, index)`. */
  readonly eventId: string;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly commandId: string;
  /** Who asked: `user:<id>`, `service:<name>`. */
  readonly actor: string;
  readonly tenantId: string | null;
  /** ISO 8601, UTC: when it was decided, by the clock of the runtime. An append that is sent again keeps it. */
  readonly recordedAt: string;
}

export interface NewEvent {
  /** PascalCase past tense, unique in the system, `.v2` for a breaking change; never a class name. */
  readonly type: string;
  readonly data: unknown;
  readonly metadata: EventMetadata;
}

export interface RecordedEvent extends NewEvent {
  /** `<category>-<id>`; a category has no `-`. */
  readonly streamName: string;
  /** 0 for the first event of its stream. */
  readonly revision: number;
  /** The event's place in the order of the whole store. */
  readonly position: bigint;
}

/** Revision of a stream that has no event. */
export const NO_STREAM = -1;

export interface StreamAppend {
  readonly streamName: string;
  /** The revision of the last event the decision was taken on, or `NO_STREAM`. */
  readonly expectedRevision: number;
  readonly events: readonly NewEvent[];
}

/** One for each `StreamAppend`, in the same order. One stream's conflict does not touch the others. */
export type AppendResult =
  | { readonly ok: true; readonly revision: number; readonly position: bigint }
  | { readonly ok: false; readonly actualRevision: number };

/** A part of the store, in its order. */
export interface Batch {
  /** Where it was read from. */
  readonly after: bigint;
  readonly events: readonly RecordedEvent[];
  /** No further event of the categories lies after the last of `events` and up to here. */
  readonly upTo: bigint;
}

export interface EventStore {
  /**
   * Appends to several streams in one round trip, each atomically and at its expected revision. Events whose ids the
   * stream already holds in the same place are taken as appended. Durable when it returns.
   */
  append(appends: readonly StreamAppend[]): Promise<readonly AppendResult[]>;
  /** The events of one stream, oldest first, from `fromRevision` (inclusive, default 0). Empty when there is no such stream. */
  readStream(streamName: string, fromRevision?: number): AsyncIterable<RecordedEvent>;
  /** The revision of the last event of a stream, or `NO_STREAM`. */
  streamRevision(streamName: string): Promise<number>;
  /** The events that carry these ids, for finding out whether a command was already recorded. */
  findByCommand(streamName: string, commandId: string): Promise<readonly RecordedEvent[]>;
  /**
   * Up to `limit` events of streams of these categories, after `position` (exclusive), in the order of the store. Never
   * runs ahead of an append still under way, so a position read is a position behind which nothing appears any more.
   */
  readAll(categories: readonly string[], position: bigint, limit: number): Promise<readonly RecordedEvent[]>;
  /**
   * `readAll` with the position up to which it has looked. Both come from one state of the store: a store that changes its
   * leader in between is away.
   */
  readBatch(categories: readonly string[], after: bigint, limit: number): Promise<Batch>;
  /**
   * Identifies the store for as long as it exists. Positions of one store mean nothing in another, so whatever keeps
   * positions keeps the identity with them.
   */
  identity(): Promise<string>;
  /** Where `readAll` has nothing more to give now. */
  head(): Promise<bigint>;
  /**
   * Calls back soon after something was appended (a hint, not a promise), and says whether another process did it: then
   * what this process keeps in memory may be behind. Returns how to stop.
   */
  onAppend(listener: (byAnotherProcess: boolean) => void): () => void;
  close(): Promise<void>;
}

/** `EventStore.readBatch` where one server answers: the head comes first, so what `readAll` does not give is not there up to it. */
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
