import pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { GROUPS } from '../tokens.js';
import { ENTITIES } from './entities.js';
import { ReadModels1764000000000 } from './migrations/0001-read-models.js';

export const dataSourceOptions = (url: string): DataSourceOptions => ({
  type: 'postgres',
  url,
  schema: GROUPS,
  entities: ENTITIES,
  migrations: [ReadModels1764000000000],
  migrationsTableName: 'migration',
  applicationName: 'group-service read models',
  extra: { max: 6 },
});

/** Connects and brings the schema up to date. Processes that start together take turns. */
export async function openDataSource(url: string): Promise<DataSource> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`SELECT pg_advisory_lock(hashtextextended('allotree schema ${GROUPS}', 0))`);
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${GROUPS}`);
    const dataSource = await new DataSource(dataSourceOptions(url)).initialize();
    await dataSource.runMigrations();
    return dataSource;
  } finally {
    await client.end();
  }
}
