import type { EventStore, RecordedEvent } from '@allotree/event-sourcing';
import pg from 'pg';
import { AGGREGATES } from './aggregates.js';

/** An event as the store has it. */
export interface LoggedEvent extends Omit<RecordedEvent, 'data'> {
  /** Its data as JSON text, exactly as stored. */
  readonly json: string;
}

/** The events of a stream, in the order of their revisions. */
export interface LoggedStream {
  readonly streamName: string;
  /** @throws HistoryLost where the store itself notices that one is missing */
  readonly events: AsyncIterable<LoggedEvent>;
  /** Revision of the last event that the log as a whole has of the stream; -1: not known. */
  readonly lastInLog: number;
}

/** All events of a store, stream by stream. */
export interface EventLog {
  /** @param names of the wanted streams; default: all */
  streams(names?: readonly string[]): AsyncIterable<LoggedStream>;
  /** The position after which there is no event. */
  head(): Promise<bigint>;
}

const PAGE = 2_000;
const COLUMNS = 'position, revision, event_id, stream_name, type, command_id, metadata::text, data::text AS json';

interface Row {
  readonly position: string;
  readonly revision: string;
  readonly event_id: string;
  readonly stream_name: string;
  readonly type: string;
  readonly command_id: string;
  readonly metadata: string;
  readonly json: string;
}

/** The event log in PostgreSQL, read in the transaction of the client, so that all of it is of one state. */
export const postgresEventLog = (client: pg.Client): EventLog => ({
  streams: (names) =>
    byStream(
      readRows(
        client,
        names === undefined ? '' : `WHERE stream_name = ANY (${pg.escapeLiteral(`{${names.map(quoted).join(',')}}`)})`,
      ),
    ),
  head: async () => {
    const { rows } = await client.query<{ head: string | null }>('SELECT max(position) AS head FROM events.event');
    return BigInt(rows[0]?.head ?? 0);
  },
});

/** Groups events that come in the order of their streams. */
async function* byStream(events: AsyncIterable<LoggedEvent>): AsyncIterable<LoggedStream> {
  const iterator = events[Symbol.asyncIterator]();
  try {
    let next = await iterator.next();
    while (next.done !== true) {
      const { streamName } = next.value;
      const ofStream = async function* (): AsyncIterable<LoggedEvent> {
        for (; next.done !== true && next.value.streamName === streamName; next = await iterator.next())
          yield next.value;
      };
      yield { streamName, events: ofStream(), lastInLog: -1 };
    }
  } finally {
    await iterator.return?.();
  }
}

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

async function* readRows(client: pg.Client, where: string): AsyncIterable<LoggedEvent> {
  await client.query(
    `DECLARE log NO SCROLL CURSOR FOR SELECT ${COLUMNS} FROM events.event ${where} ORDER BY stream_name, revision`,
  );
  try {
    for (;;) {
      const { rows } = await client.query<Row>(`FETCH ${PAGE} FROM log`);
      yield* rows.map(eventOf);
      if (rows.length < PAGE) return;
    }
  } finally {
    await client.query('CLOSE log');
  }
}

function eventOf(row: Row): LoggedEvent {
  const metadata = metadataOf(row.metadata);
  return {
    streamName: row.stream_name,
    revision: Number(row.revision),
    position: BigInt(row.position),
    type: row.type,
    json: row.json,
    metadata: { ...metadata, eventId: row.event_id, commandId: row.command_id },
  };
}

type Metadata = RecordedEvent['metadata'];

const metadataOf = (text: string): Metadata => ({ ...(JSON.parse(text) as Metadata) });

type StoreToRead = Pick<EventStore, 'head' | 'readBatch' | 'readStream'>;

/** A store that is reached through its port: EventStoreDB. Streams are found by reading the whole log once. */
export const portEventLog = (store: StoreToRead): EventLog => ({
  async *streams(names) {
    const found = names === undefined ? await lastRevisions(store) : new Map(names.map((name) => [name, -1]));
    for (const [streamName, lastInLog] of [...found].sort(([a], [b]) => (a < b ? -1 : 1)))
      yield { streamName, events: eventsOf(store, streamName), lastInLog };
  },
  head: () => store.head(),
});

/** The streams of the log, each with the revision of its last event there. */
async function lastRevisions(store: StoreToRead): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  const head = await store.head();
  for (let after = 0n; after < head;) {
    const { events, upTo } = await store.readBatch([...AGGREGATES.keys()], after, PAGE);
    for (const { streamName, revision } of events) found.set(streamName, revision);
    after = upTo;
  }
  return found;
}

async function* eventsOf(store: StoreToRead, streamName: string): AsyncIterable<LoggedEvent> {
  for await (const { data, ...event } of store.readStream(streamName)) yield { ...event, json: JSON.stringify(data) };
}
