import pg from 'pg';
import { CliError } from './exit-codes.js';

/**
 * Works on a connection of its own. If it is lost, the statement in progress or the next one fails.
 * @throws CliError when the database cannot be reached
 */
export async function onDatabase<Result>(
  config: pg.ClientConfig,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionTimeoutMillis: 10_000, ...config });
  // Without a listener, losing the connection would end the program with a stack trace.
  client.on('error', () => undefined);
  await client.connect().catch((error: Error) => {
    throw new CliError(`the database cannot be reached: ${error.message || 'it does not answer'}.`);
  });
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
