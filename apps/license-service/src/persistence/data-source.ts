import { openReadModels } from '@allotree/read-models';
import type { DataSource } from 'typeorm';
import { LicensingViews1780000000000 } from './1780000000000-licensing-views.js';
import { DueWork1790000000000 } from './1790000000000-due-work.js';
import { Memberships1796000000000 } from './1796000000000-memberships.js';
import { TenantsApart1797000000000 } from './1797000000000-tenants-apart.js';
import { CalendarDaysOfGrace1802000000000 } from './1802000000000-calendar-days-of-grace.js';
import { PlacesOfGroupsDue1802000000001 } from './1802000000001-places-of-groups-due.js';
import { IndexesOfRetention1814000000000 } from './1814000000000-indexes-of-retention.js';
import { UnreadViews1816000000000 } from './1816000000000-unread-views.js';
import { DueRowsOfProjects1817000000000 } from './1817000000000-due-rows-of-projects.js';
import { UnreadRestrictions1817000000001 } from './1817000000001-unread-restrictions.js';
import { UsagePeriods1818000000000 } from './1818000000000-usage-periods.js';
import { PublishedHistory1822000000000 } from './1822000000000-published-history.js';
import { ENTITIES } from './entities.js';

/** Under this name the data source is injected. */
export const LICENSING = 'licensing';
/** The schema with everything of this service; nobody else reads it. */
export const LICENSING_SCHEMA = 'licensing';

/**
 * Connects to the read models of this service, after bringing their schema up to date.
 * @param connectionString of the database
 */
export const openLicensingDataSource = (connectionString: string, poolSize: number): Promise<DataSource> =>
  openReadModels({
    type: 'postgres',
    url: connectionString,
    schema: LICENSING_SCHEMA,
    applicationName: 'license-service',
    poolSize,
    // Rows and checkpoints are written in one transaction and can be made again from the events: a crash of the server may
    // lose the last of them, and the projection goes on from the checkpoint that is left. So nobody waits for the disk.
    extra: { options: '-c synchronous_commit=off' },
    entities: ENTITIES,
    migrations: [
      LicensingViews1780000000000,
      DueWork1790000000000,
      Memberships1796000000000,
      TenantsApart1797000000000,
      CalendarDaysOfGrace1802000000000,
      PlacesOfGroupsDue1802000000001,
      IndexesOfRetention1814000000000,
      UnreadViews1816000000000,
      DueRowsOfProjects1817000000000,
      UnreadRestrictions1817000000001,
      UsagePeriods1818000000000,
      PublishedHistory1822000000000,
    ],
    migrationsTableName: 'migration',
    migrationsTransactionMode: 'all',
  });
