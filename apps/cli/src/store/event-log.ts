import type { RecordedEvent } from '@allotree/event-sourcing';
import pg from 'pg';
import { AGGREGATES } from './aggregates.js';

/** An event as the store has it. */
export interface LoggedEvent extends Omit<RecordedEvent, 'data'> {
  /** Its data as JSON text, exactly as stored. */
  readonly json: string;
}

/** All events of a store in the order of their streams, then of their revisions. */
export interface EventLog {
  events(): AsyncIterable<LoggedEvent>;
  /** The events of these streams. */
  eventsOf(streams: readonly string[]): AsyncIterable<LoggedEvent>;
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
  events: () => readRows(client, ''),
  eventsOf: (streams) =>
    readRows(client, `WHERE stream_name = ANY (${pg.escapeLiteral(`{${streams.map(quoted).join(',')}}`)})`),
});

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

/** A store that is reached through its port: EventStoreDB. Streams are found by reading the whole log once. */
export const portEventLog = (store: {
  readAll(categories: readonly string[], after: bigint, limit: number): Promise<readonly RecordedEvent[]>;
  readStream(streamName: string): AsyncIterable<RecordedEvent>;
}): EventLog => ({
  async *events() {
    const streams = new Set<string>();
    let after = 0n;
    for (;;) {
      const events = await store.readAll([...AGGREGATES.keys()], after, PAGE);
      for (const { streamName } of events) streams.add(streamName);
      if (events.length < PAGE) break;
      after = events.at(-1)!.position;
    }
    yield* streamsOf(store, [...streams].sort());
  },
  eventsOf: (streams) => streamsOf(store, streams),
});

async function* streamsOf(
  store: { readStream(streamName: string): AsyncIterable<RecordedEvent> },
  streams: readonly string[],
): AsyncIterable<LoggedEvent> {
  for (const stream of streams)
    for await (const { data, ...event } of store.readStream(stream)) yield { ...event, json: JSON.stringify(data) };
}
