import { BASICS_CONFIGURATION, loadConfiguration } from '@allotree/basics';
import { databaseUrlOf } from '@allotree/embedded-postgres';
import { z } from 'zod';
import { direct } from '../direct.js';
import type { Host } from '../host.js';

const CONFIGURATION = BASICS_CONFIGURATION.pick({ DATABASE_URL: true }).partial().extend({
  EVENT_STORE_URL: z.string().optional(),
});

/** Where the services have their database and their events. */
export interface StoreSettings {
  readonly databaseUrl: string;
  /** `null`: the events are in the database. */
  readonly eventStoreUrl: string | null;
}

/** From DATABASE_URL and EVENT_STORE_URL as the services read them, else the system running on DATA_DIR. */
export const storeSettings = ({ env }: Host): Promise<StoreSettings> =>
  direct(async () => {
    const { DATABASE_URL, EVENT_STORE_URL } = loadConfiguration(CONFIGURATION, env);
    const databaseUrl = await databaseUrlOf({ DATABASE_URL }, env['DATA_DIR'] || '.data');
    return { databaseUrl, eventStoreUrl: EVENT_STORE_URL ?? null };
  });
