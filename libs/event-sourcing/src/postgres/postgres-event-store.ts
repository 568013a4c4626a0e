import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { StorageFull } from '../errors.js';
import { NO_STREAM, readBatchOf } from '../event-store.js';
import type { AppendResult, Batch, EventStore, RecordedEvent, StreamAppend } from '../event-store.js';
import { SILENT } from '../logger.js';
import type { Logger } from '../logger.js';
import { appendArguments, appendCall } from './append-arguments.js';
import { AppendSignal } from './append-signal.js';
import { createSchema } from './schema.js';

export interface PostgresEventStoreOptions {
  readonly connectionString: string;
  /** Default `events`. */
  readonly schema?: string;
  /** Connections for reading, besides two for appends and one for hints. Default 4. */
  readonly readConnections?: number;
  /** See `EventStore.pollIntervalMs`. Default 5,000. */
  readonly pollIntervalMs?: number;
  readonly logger?: Logger;
}

/** An unresponsive connection is closed and replaced; no statement of the store takes this long (ms). */
export const CONNECTION_TIMEOUTS = {
  keepAlive: true,
  connectionTimeoutMillis: 10_000,
  query_timeout: 30_000,
} as const;

/** Attempts for a batch that conflicts with other writers; another writer succeeds each time. */
const MAX_ATTEMPTS = 20;
/** Unique violation, serialization failure, deadlock: nothing was written, so the call can be repeated. */
const CONFLICT_CODES = new Set(['23505', '40001', '40P01']);
const DISK_FULL = '53100';
const PAGE = 1_000;

/** The event store on PostgreSQL. Ordering and concurrency are explained in `schema.ts`. */
export class PostgresEventStore implements EventStore {
  readonly #appending: pg.Pool;
  readonly #reading: pg.Pool;
  readonly #signal: AppendSignal;
  readonly #sql: ReturnType<typeof statements>;
  /** A hint gets lost only with the process or the listening connection that was to pass it on. */
  readonly pollIntervalMs: number;
  /** Highest head seen: no event can appear before it any more. */
  #final = 0n;

  /** Connects, creates or updates the schema, and listens for append hints. */
  static async open(options: PostgresEventStoreOptions): Promise<PostgresEventStore> {
    const store = new PostgresEventStore(options, options.schema ?? 'events', options.logger ?? SILENT);
    try {
      await createSchema(store.#appending, options.schema ?? 'events');
      await store.#signal.start();
    } catch (error) {
      await store.close();
      throw error;
    }
    return store;
  }

  private constructor(options: PostgresEventStoreOptions, schema: string, logger: Logger) {
    const { connectionString, readConnections = 4, pollIntervalMs = 5_000 } = options;
    this.pollIntervalMs = pollIntervalMs;
    const pool = (max: number) =>
      new pg.Pool({ connectionString, max, application_name: 'allotree events', ...CONNECTION_TIMEOUTS }).on(
        'error',
        (error) => logger.warn({ err: error }, 'idle connection of the event store lost'),
      );
    this.#appending = pool(2);
    this.#reading = pool(readConnections);
    this.#signal = new AppendSignal(connectionString, this.#reading, `${schema}_appended`, logger);
    this.#sql = statements(pg.escapeIdentifier(schema));
  }

  async append(appends: readonly StreamAppend[]): Promise<readonly AppendResult[]> {
    if (appends.length === 0) return [];
    const { order, values } = appendArguments(appends);
    const { rows } = await this.#sendAppend(values);
    const results = new Array<AppendResult>(appends.length);
    rows.forEach((row, place) => (results[order[place]!] = resultOf(row)));
    if (results.some((result) => result.ok)) this.#signal.appended();
    return results;
  }

  async #sendAppend(values: readonly string[]): Promise<{ rows: AppendRow[] }> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#appending.query<AppendRow>({ name: 'append', text: this.#sql.append, values: [...values] });
      } catch (error) {
        if ((error as { code?: string }).code === DISK_FULL) throw new StorageFull(error);
        if (attempt === MAX_ATTEMPTS || !CONFLICT_CODES.has((error as { code?: string }).code ?? '')) {
          // The events may have been written nevertheless.
          this.#signal.appended();
          throw error;
        }
        await sleep(Math.random() * attempt * 5);
      }
    }
  }

  async *readStream(streamName: string, fromRevision = 0): AsyncIterable<RecordedEvent> {
    let next = fromRevision;
    for (;;) {
      const { rows } = await this.#reading.query<EventRow>({
        name: 'readStream',
        text: this.#sql.readStream,
        values: [streamName, next, PAGE],
      });
      for (const row of rows) yield recorded(row);
      if (rows.length < PAGE) return;
      next += rows.length;
    }
  }

  async streamRevision(streamName: string): Promise<number> {
    const { rows } = await this.#reading.query<{ revision: string }>({
      name: 'streamRevision',
      text: this.#sql.streamRevision,
      values: [streamName],
    });
    return rows[0] ? Number(rows[0].revision) : NO_STREAM;
  }

  async findByCommand(streamName: string, commandId: string): Promise<readonly RecordedEvent[]> {
    const { rows } = await this.#reading.query<EventRow>({
      name: 'findByCommand',
      text: this.#sql.findByCommand,
      values: [streamName, commandId],
    });
    return rows.map(recorded);
  }

  async readAll(categories: readonly string[], position: bigint, limit: number): Promise<readonly RecordedEvent[]> {
    const values = [categories, position.toString(), limit, this.#final.toString()];
    const { rows } = await this.#reading.query<EventRow>({ name: 'readAll', text: this.#sql.readAll, values });
    return rows.map(recorded);
  }

  readBatch(categories: readonly string[], after: bigint, limit: number): Promise<Batch> {
    return readBatchOf(this, categories, after, limit);
  }

  async identity(): Promise<string> {
    const { rows } = await this.#reading.query<{ store_id: string }>(this.#sql.identity);
    return rows[0]!.store_id;
  }

  async head(): Promise<bigint> {
    const { rows } = await this.#reading.query<{ head: string; last: string }>({ name: 'head', text: this.#sql.head });
    const head = BigInt(rows[0]!.head);
    if (head > this.#final) this.#final = head;
    if (BigInt(rows[0]!.last) > this.#final) this.#signal.appendHidden();
    return this.#final;
  }

  onAppend(listener: (byAnotherProcess: boolean) => void): () => void {
    return this.#signal.listen(listener);
  }

  async close(): Promise<void> {
    await this.#signal.stop();
    await Promise.all([this.#appending, this.#reading].map(async (pool) => pool.ended || (await pool.end())));
  }
}

interface AppendRow {
  readonly ok: boolean;
  readonly revision: string;
  readonly position: string | null;
}

interface EventRow {
  readonly position: string;
  readonly revision: string;
  readonly event_id: string;
  readonly stream_name: string;
  readonly type: string;
  readonly command_id: string;
  readonly metadata: {
    correlationId: string;
    causationId: string | null;
    actor: string;
    tenantId: string | null;
    recordedAt: string;
    traceparent?: string;
  };
  readonly data: unknown;
}

function statements(schema: string) {
  const columns = 'position, revision, event_id, stream_name, type, command_id, metadata, data';
  return {
    append: appendCall(schema),
    readStream: `SELECT ${columns} FROM ${schema}.event WHERE stream_name = $1 AND revision >= $2 ORDER BY revision LIMIT $3`,
    streamRevision: `SELECT revision FROM ${schema}.event WHERE stream_name = $1 ORDER BY revision DESC LIMIT 1`,
    findByCommand: `SELECT ${columns} FROM ${schema}.event WHERE stream_name = $1 AND command_id = $2 ORDER BY revision`,
    readAll: `SELECT ${columns} FROM ${schema}.read_all($1, $2, $3, $4)`,
    head: `SELECT ${schema}.head() AS head,
      coalesce((SELECT position FROM ${schema}.event ORDER BY position DESC LIMIT 1), 0) AS last`,
    identity: `SELECT store_id FROM ${schema}.identity`,
  };
}

function resultOf(row: AppendRow): AppendResult {
  return row.ok
    ? { ok: true, revision: Number(row.revision), position: BigInt(row.position!) }
    : { ok: false, actualRevision: Number(row.revision) };
}

function recorded(row: EventRow): RecordedEvent {
  const { correlationId, causationId, actor, tenantId, recordedAt, traceparent } = row.metadata;
  return {
    type: row.type,
    data: row.data,
    metadata: {
      eventId: row.event_id,
      correlationId,
      causationId,
      commandId: row.command_id,
      actor,
      tenantId,
      recordedAt,
      ...(traceparent !== undefined && { traceparent }),
    },
    streamName: row.stream_name,
    revision: Number(row.revision),
    position: BigInt(row.position),
  };
}
