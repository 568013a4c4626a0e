import pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { NOTIFICATIONS } from '../tokens.js';
import { ENTITIES } from './entities.js';
import { Notifications1790000000000 } from './1790000000000-notifications.js';

export const dataSourceOptions = (url: string): DataSourceOptions => ({
  type: 'postgres',
  url,
  schema: NOTIFICATIONS,
  entities: ENTITIES,
  migrations: [Notifications1790000000000],
  migrationsTableName: 'migration',
  applicationName: 'notification-service',
  extra: { max: 8 },
});

/** Connects and brings the schema up to date. Processes that start together take turns. */
export async function openDataSource(url: string): Promise<DataSource> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`SELECT pg_advisory_lock(hashtextextended('allotree schema ${NOTIFICATIONS}', 0))`);
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${NOTIFICATIONS}`);
    const dataSource = await new DataSource(dataSourceOptions(url)).initialize();
    await dataSource.runMigrations();
    return dataSource;
  } finally {
    await client.end();
  }
}
