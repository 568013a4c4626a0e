import pg from 'pg';
import { ALL_TENANTS_OPTION } from './tenants-setting.js';

export interface PoolOptions {
  readonly connectionString: string;
  readonly max?: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** An idle connection was lost; the pool replaces it automatically. */
  readonly onError?: (error: Error) => void;
}

/**
 * The database ends the session of a process that hangs in the middle of a transaction after this time, which releases its rows and locks.
 */
export const LONGEST_PAUSE_MS = 30_000;

/** Connecting anew costs more than keeping a connection that is used again within this time. */
export const IDLE_CONNECTION_MS = 60_000;

/** Longer than any statement of a pool takes: a connection that is silent for this long is replaced. */
const LONGEST_STATEMENT_MS = 60_000;

/** Building an index over a large table takes longer, and so does waiting for a process that builds it. */
const LONGEST_SCHEMA_CHANGE_MS = 3_600_000;

/** A pool that survives losing its connections. Connects lazily. */
export function createPool({ connectionString, max = 10, applicationName, onError }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString,
    max,
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: IDLE_CONNECTION_MS,
    keepAlive: true,
    options: ALL_TENANTS_OPTION,
    query_timeout: LONGEST_STATEMENT_MS,
    idle_in_transaction_session_timeout: LONGEST_PAUSE_MS,
  });
  pool.on('error', (error: Error & { client?: unknown }) => {
    // Logged with the error it would fill pages.
    delete error.client;
    if (!pool.ending) onError?.(error);
  });
  // Lost between two statements of a transaction: the next statement reports it.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** Runs `work` in one transaction; rolls back and rethrows when it fails. */
export async function inTransaction<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((lost: Error) => {
      broken = lost;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

/**
 * Creates the tables of a component. The statements must be repeatable (`IF NOT EXISTS`, `OR REPLACE`); processes that start together take
 * turns.
 */
export async function prepareSchema(pool: pg.Pool, part: string, statements: string): Promise<void> {
  await inTransaction(pool, async (client) => {
    const change = (text: string, values: string[] = []) =>
      client.query({ text, values, query_timeout: LONGEST_SCHEMA_CHANGE_MS } as pg.QueryConfig);
    await change("SELECT pg_advisory_xact_lock(hashtextextended('allotree schema ' || $1, 0))", [part]);
    await change(statements);
  });
}
