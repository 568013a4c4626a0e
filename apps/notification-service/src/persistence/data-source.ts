import { openReadModels, type ReadModelOptions } from '@allotree/read-models';
import type { DataSource } from 'typeorm';
import { NOTIFICATIONS } from '../tokens.js';
import { IndexesOfRetention1814000000000 } from './1814000000000-indexes-of-retention.js';
import { ENTITIES } from './entities.js';
import { DeactivatedPeople1802000000000 } from './1802000000000-deactivated-people.js';
import { AccountMailsFirst1803000000000 } from './1803000000000-account-mails-first.js';
import { RecipientsOfTheOutbox1812000000000 } from './1812000000000-recipients-of-the-outbox.js';
import { LanguagesOfPeople1815000000000 } from './1815000000000-languages-of-people.js';
import { OrderOfEvents1800000000000 } from './1800000000000-order-of-events.js';
import { Notifications1790000000000 } from './1790000000000-notifications.js';
import { Memberships1796000000000 } from './1796000000000-memberships.js';
import { TenantsApart1797000000000 } from './1797000000000-tenants-apart.js';
import { Webhooks1820000000000 } from './1820000000000-webhooks.js';
import { WebhookMails1821000000000 } from './1821000000000-webhook-mails.js';
import { WEBHOOK_ENTITIES } from './webhook-entities.js';

export const dataSourceOptions = (url: string): ReadModelOptions => ({
  type: 'postgres',
  url,
  schema: NOTIFICATIONS,
  entities: [...ENTITIES, ...WEBHOOK_ENTITIES],
  migrations: [
    Notifications1790000000000,
    Memberships1796000000000,
    TenantsApart1797000000000,
    OrderOfEvents1800000000000,
    DeactivatedPeople1802000000000,
    AccountMailsFirst1803000000000,
    RecipientsOfTheOutbox1812000000000,
    IndexesOfRetention1814000000000,
    LanguagesOfPeople1815000000000,
    Webhooks1820000000000,
    WebhookMails1821000000000,
  ],
  migrationsTableName: 'migration',
  applicationName: 'notification-service',
  extra: { max: 8 },
});

export const openDataSource = (url: string): Promise<DataSource> => openReadModels(dataSourceOptions(url));
