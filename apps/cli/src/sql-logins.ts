import { Logins } from '@allotree/reporting-service/sql';
import pg from 'pg';
import { reportingDatabaseUrl } from './reporting-database.js';

/** Works on the logins that may ask in SQL. */
export async function withLogins<Result>(
  env: Readonly<NodeJS.ProcessEnv>,
  work: (logins: Logins, url: string) => Promise<Result>,
): Promise<Result> {
  const url = await reportingDatabaseUrl(env);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(new Logins(client), url);
  } finally {
    await client.end();
  }
}
