import { openReadModels, type ReadModelOptions } from '@allotree/read-models';
import type { DataSource } from 'typeorm';
import { REPORTING } from '../tokens.js';
import { EventLog1830000000000 } from './1830000000000-event-log.js';
import { TemporalTables1840000000000 } from './1840000000000-temporal-tables.js';

export const dataSourceOptions = (url: string): ReadModelOptions => ({
  type: 'postgres',
  url,
  schema: REPORTING,
  // Its statements are all SQL of their own.
  entities: [],
  migrations: [EventLog1830000000000, TemporalTables1840000000000],
  migrationsTableName: 'migration',
  applicationName: 'reporting-service',
  extra: { max: 8 },
});

export const openDataSource = (url: string): Promise<DataSource> => openReadModels(dataSourceOptions(url));
