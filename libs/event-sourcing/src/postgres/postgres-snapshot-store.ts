import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import pg from 'pg';
import { SILENT } from '../logger.js';
import type { Snapshot, SnapshotStore } from '../snapshot-store.js';
import { createSchema } from './schema.js';
import { CONNECTION_TIMEOUTS, type PostgresEventStoreOptions } from './postgres-event-store.js';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** Stores the latest snapshot of each stream, compressed, next to the events. */
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
      ...CONNECTION_TIMEOUTS,
    });
    pool.on('error', (error) => logger.warn({ err: error }, 'idle connection of the snapshot store lost'));
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
      `SELECT version, revision, event_id, position, state, digest FROM ${this.schema}.snapshot WHERE stream_name = $1`,
      [streamName],
    );
    const row = rows[0];
    if (!row) return null;
    const snapshot = {
      version: row.version,
      revision: Number(row.revision),
      eventId: row.event_id,
      position: BigInt(row.position),
      json: (await decompress(row.state)).toString('utf8'),
    };
    if (row.digest === null) throw new Error('the snapshot has no digest: it was written by an earlier release');
    if (!snapshotDigest(streamName, snapshot).equals(row.digest))
      throw new Error('the snapshot was modified after it was written: its digest does not match');
    return snapshot;
  }

  async save(streamName: string, snapshot: Snapshot): Promise<void> {
    const { version, revision, eventId, position, json } = snapshot;
    const state = await compress(json, { level: 1 });
    await this.pool.query(
      `INSERT INTO ${this.schema}.snapshot (stream_name, version, revision, event_id, position, state, digest)
       VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (stream_name) DO UPDATE SET (version, revision, event_id, position, state, digest) =
         (excluded.version, excluded.revision, excluded.event_id, excluded.position, excluded.state, excluded.digest)`,
      [streamName, version, revision, eventId, position.toString(), state, snapshotDigest(streamName, snapshot)],
    );
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}

/** Covers everything that a state is restored from, to detect modified, swapped or damaged rows. */
export const snapshotDigest = (streamName: string, { version, revision, eventId, position, json }: Snapshot): Buffer =>
  createHash('sha256')
    .update(JSON.stringify([streamName, version, revision, eventId, position.toString()]))
    .update(json)
    .digest();

interface Row {
  readonly version: number;
  readonly revision: string;
  readonly event_id: string;
  readonly position: string;
  readonly state: Buffer;
  readonly digest: Buffer | null;
}
