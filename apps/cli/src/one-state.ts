import { ALL_TENANTS_OPTION } from '@allotree/basics';
import type pg from 'pg';
import { onDatabase } from './on-database.js';

/**
 * Opens a database for reading one state of it, of every tenant.
 * @param access `READ WRITE`: what the work writes is rolled back
 */
export const onOneState = <Result>(
  connectionString: string,
  work: (client: pg.Client) => Promise<Result>,
  access: 'READ ONLY' | 'READ WRITE' = 'READ ONLY',
): Promise<Result> =>
  onDatabase({ connectionString, application_name: 'allotree verify', options: ALL_TENANTS_OPTION }, async (client) => {
    await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ ${access}`);
    return work(client);
  });
