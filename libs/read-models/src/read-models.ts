import pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { ALL_TENANTS_OPTION, IDLE_CONNECTION_MS, LONGEST_PAUSE_MS } from '@allotree/basics';
import { claimGeneration } from './generation.js';
import { prepareCallerRole } from './row-level-security.js';

export type ReadModelOptions = Extract<DataSourceOptions, { type: 'postgres' }> & {
  readonly url: string;
  /** The schema that this service owns; no other service reads it. */
  readonly schema: string;
};

/** Emptying a large table takes time; a statement that takes longer than this has failed. */
const LONGEST_STATEMENT_MS = 600_000;
const CONNECT_WITHIN_MS = 10_000;

/**
 * Connects and migrates the schema. Processes that start together take turns.
 * @throws StartError when a newer version has written it that this one cannot follow
 */
export async function openReadModels(options: ReadModelOptions): Promise<DataSource> {
  const turn = await takeTurn(options);
  try {
    const seen = seeingEveryTenant(options);
    const dataSource = await new DataSource({
      ...seen,
      extra: {
        keepAlive: true,
        connectionTimeoutMillis: CONNECT_WITHIN_MS,
        idleTimeoutMillis: IDLE_CONNECTION_MS,
        query_timeout: LONGEST_STATEMENT_MS,
        idle_in_transaction_session_timeout: LONGEST_PAUSE_MS,
        ...(seen.extra as object | undefined),
      },
    }).initialize();
    await dataSource.runMigrations();
    return dataSource;
  } finally {
    await turn.end();
  }
}

/** The connections of a data source. */
export const poolOf = (dataSource: DataSource): pg.Pool => (dataSource.driver as unknown as { master: pg.Pool }).master;

/** A hung process loses its turn: the database ends a session that is silent. */
async function takeTurn({ url, schema }: ReadModelOptions): Promise<{ end(): Promise<void> }> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    options: `-c idle_session_timeout=${LONGEST_PAUSE_MS}`,
  });
  client.on('error', () => undefined);
  await client.connect();
  const alive = setInterval(() => {
    client.query('SELECT').catch(() => undefined);
  }, LONGEST_PAUSE_MS / 6);
  const end = async (): Promise<void> => {
    clearInterval(alive);
    await client.end();
  };
  try {
    await client.query("SELECT pg_advisory_lock(hashtextextended('allotree schema ' || $1, 0))", [schema]);
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(schema)}`);
    await claimGeneration(client, schema);
    await prepareCallerRole(client, schema);
    return { end };
  } catch (error) {
    await end();
    throw error;
  }
}

function seeingEveryTenant(options: ReadModelOptions): ReadModelOptions {
  const extra = (options.extra ?? {}) as { readonly options?: string };
  return { ...options, extra: { ...extra, options: [ALL_TENANTS_OPTION, extra.options].filter(Boolean).join(' ') } };
}
