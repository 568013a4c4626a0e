import { Logins } from '@allotree/reporting-service/sql';
import { onDatabase } from './on-database.js';
import { reportingDatabaseUrl } from './reporting-database.js';

/** Works on the logins that may ask in SQL. */
export async function withLogins<Result>(
  env: Readonly<NodeJS.ProcessEnv>,
  work: (logins: Logins, url: string) => Promise<Result>,
): Promise<Result> {
  const url = await reportingDatabaseUrl(env);
  return onDatabase({ connectionString: url }, (client) => work(new Logins(client), url));
}
