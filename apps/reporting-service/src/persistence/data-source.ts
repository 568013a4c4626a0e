import { openReadModels, type ReadModelOptions } from '@allotree/read-models';
import type { DataSource } from 'typeorm';
import { Exports1842000000000 } from './1842000000000-exports.js';
import { prepareTrigrams } from '../search/trigrams.js';
import { prepareAnalysis } from '../sql/analysis-schema.js';
import { REPORTING } from '../tokens.js';
import { EventLog1830000000000 } from './1830000000000-event-log.js';
import { Analysts1841000000000 } from './1841000000000-analysts.js';
import { Search1843000000000 } from './1843000000000-search.js';
import { ReplacedEvents1851000000000 } from './1851000000000-replaced-events.js';
import { Statements1850000000000 } from './1850000000000-statements.js';
import { FewerIndexes1852000000000 } from './1852000000000-fewer-indexes.js';
import { SuspendedAssignments1853000000000 } from './1853000000000-suspended-assignments.js';
import { TemporalTables1840000000000 } from './1840000000000-temporal-tables.js';

export const dataSourceOptions = (url: string): ReadModelOptions => ({
  type: 'postgres',
  url,
  schema: REPORTING,
  // Its statements are all SQL of their own.
  entities: [],
  migrations: [
    EventLog1830000000000,
    TemporalTables1840000000000,
    Analysts1841000000000,
    Exports1842000000000,
    Search1843000000000,
    Statements1850000000000,
    ReplacedEvents1851000000000,
    FewerIndexes1852000000000,
    SuspendedAssignments1853000000000,
  ],
  migrationsTableName: 'migration',
  applicationName: 'reporting-service',
  extra: { max: 8 },
});

export async function openDataSource(url: string): Promise<DataSource> {
  const dataSource = await openReadModels(dataSourceOptions(url));
  await prepareAnalysis(dataSource);
  await prepareTrigrams(dataSource);
  return dataSource;
}
