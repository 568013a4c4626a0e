import { ALL_TENANTS_OPTION } from '@allotree/basics';
import pg from 'pg';
import { CliError } from './exit-codes.js';

/**
 * Opens a database for reading one state of it, of every tenant.
 * @param access `READ WRITE`: what the work writes is rolled back
 */
export async function onOneState<Result>(
  connectionString: string,
  work: (client: pg.Client) => Promise<Result>,
  access: 'READ ONLY' | 'READ WRITE' = 'READ ONLY',
): Promise<Result> {
  const client = new pg.Client({
    connectionString,
    application_name: 'allotree verify',
    options: ALL_TENANTS_OPTION,
    connectionTimeoutMillis: 10_000,
  });
  await client.connect().catch((error: Error) => {
    throw new CliError(`the database cannot be reached: ${error.message || 'it does not answer'}.`);
  });
  try {
    await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ ${access}`);
    return await work(client);
  } finally {
    await client.end();
  }
}
