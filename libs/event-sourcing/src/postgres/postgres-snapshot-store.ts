import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import pg from 'pg';
import { SILENT } from '../logger.js';
import type { Snapshot, SnapshotStore } from '../snapshot-store.js';
import { createSchema } from './schema.js';
import { OF_A_DATABASE_THAT_GOES_AWAY, type PostgresEventStoreOptions } from './postgres-event-store.js';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** The newest snapshot of each stream, compressed, beside the events. */
export class PostgresSnapshotStore implements SnapshotStore {
  private constructor(
    private readonly pool: pg.Pool,
    private readonly schema: string,
  ) {}

  static async open(options: Omit<PostgresEventStoreOptions, 'readConnections'>): Promise<PostgresSnapshotStore> {
    const { connectionString, schema = 'events', logger = SILENT } = options;
    const pool = new pg.Pool({
      connectionString,
      max: 2,
      application_name: 'allotree snapshots',
      ...OF_A_DATABASE_THAT_GOES_AWAY,
    });
    pool.on('error', (error) => logger.warn({ err: error }, 'an idle connection of the snapshot store was lost'));
    try {
      await createSchema(pool, schema);
    } catch (error) {
      await pool.end();
      throw error;
    }
    return new PostgresSnapshotStore(pool, pg.escapeIdentifier(schema));
  }

  async load(streamName: string): Promise<Snapshot | null> {
    const { rows } = await this.pool.query<Row>(
      `SELECT version, revision, event_id, position, state FROM ${this.schema}.snapshot WHERE stream_name = $1`,
      [streamName],
    );
    const row = rows[0];
    if (!row) return null;
    const json = (await decompress(row.state)).toString('utf8');
    return {
      version: row.version,
      revision: Number(row.revision),
      eventId: row.event_id,
      position: BigInt(row.position),
      json,
    };
  }

  async save(streamName: string, { version, revision, eventId, position, json }: Snapshot): Promise<void> {
    const state = await compress(json, { level: 1 });
    await this.pool.query(
      `INSERT INTO ${this.schema}.snapshot (stream_name, version, revision, event_id, position, state)
       VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (stream_name) DO UPDATE SET (version, revision, event_id, position, state) =
         (excluded.version, excluded.revision, excluded.event_id, excluded.position, excluded.state)`,
      [streamName, version, revision, eventId, position.toString(), state],
    );
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}

interface Row {
  readonly version: number;
  readonly revision: string;
  readonly event_id: string;
  readonly position: string;
  readonly state: Buffer;
}
