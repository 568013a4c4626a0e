import pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { prepareCallerRole, SEES_EVERY_TENANT } from './tenant-rows.js';

export type ReadModelOptions = Extract<DataSourceOptions, { type: 'postgres' }> & {
  readonly url: string;
  /** The one schema of the service; nobody else reads it. */
  readonly schema: string;
};

/** Connects and brings the schema up to date. Processes that start together take turns. */
export async function openReadModels(options: ReadModelOptions): Promise<DataSource> {
  const { url, schema } = options;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock(hashtextextended('allotree schema ' || $1, 0))", [schema]);
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(schema)}`);
    await prepareCallerRole(client, schema);
    const dataSource = await new DataSource(seeingEveryTenant(options)).initialize();
    await dataSource.runMigrations();
    return dataSource;
  } finally {
    await client.end();
  }
}

function seeingEveryTenant(options: ReadModelOptions): ReadModelOptions {
  const extra = (options.extra ?? {}) as { readonly options?: string };
  return { ...options, extra: { ...extra, options: [SEES_EVERY_TENANT, extra.options].filter(Boolean).join(' ') } };
}
