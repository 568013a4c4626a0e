import { openReadModels, type ReadModelOptions } from '@allotree/read-models';
import type { DataSource } from 'typeorm';
import { GROUPS } from '../tokens.js';
import { ENTITIES } from './entities.js';
import { IDENTITY_ENTITIES } from './identity-entities.js';
import { ReadModels1764000000000 } from './migrations/0001-read-models.js';
import { People1795000000000 } from './migrations/0002-people.js';
import { Memberships1796000000000 } from './migrations/0003-memberships.js';
import { TenantsApart1797000000000 } from './migrations/0004-tenants-apart.js';
import { Joining1799000000000 } from './migrations/0005-joining.js';
import { MakersOfKeys1808000000000 } from './migrations/0011-makers-of-keys.js';
import { AccountsOfNoTenant1806000000000 } from './migrations/0006-accounts-of-no-tenant.js';
import { Closing1811000000000 } from './migrations/0012-closing.js';
import { DeviceCatalogue1812000000000 } from './migrations/0013-device-catalogue.js';
import { ExternalIds1820000000000 } from './migrations/0015-external-ids.js';
import { ListsByName1821000000000 } from './migrations/0016-lists-by-name.js';
import { PublishedHistory1822000000000 } from './migrations/0017-published-history.js';
import { IndexesOfRetention1814000000000 } from './migrations/0014-indexes-of-retention.js';
import { Plans1823000000000 } from './migrations/0018-plans.js';
import { MailQuotas1810000000000 } from './migrations/0010-mail-quotas.js';

export const dataSourceOptions = (url: string): ReadModelOptions => ({
  type: 'postgres',
  url,
  schema: GROUPS,
  entities: [...ENTITIES, ...IDENTITY_ENTITIES],
  migrations: [
    ReadModels1764000000000,
    People1795000000000,
    Memberships1796000000000,
    TenantsApart1797000000000,
    Joining1799000000000,
    AccountsOfNoTenant1806000000000,
    MailQuotas1810000000000,
    MakersOfKeys1808000000000,
    Closing1811000000000,
    DeviceCatalogue1812000000000,
    IndexesOfRetention1814000000000,
    ExternalIds1820000000000,
    ListsByName1821000000000,
    PublishedHistory1822000000000,
    Plans1823000000000,
  ],
  migrationsTableName: 'migration',
  applicationName: 'group-service read models',
  extra: { max: 6 },
});

export const openDataSource = (url: string): Promise<DataSource> => openReadModels(dataSourceOptions(url));
