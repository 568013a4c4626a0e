import { Logins } from '@allotree/reporting-service/sql';
import { withReportingDatabase } from './reporting-database.js';

/** Works on the logins that may ask in SQL. */
export const withLogins = <Result>(
  env: Readonly<NodeJS.ProcessEnv>,
  work: (logins: Logins, url: string) => Promise<Result>,
): Promise<Result> => withReportingDatabase(env, ({ client, url }) => work(new Logins(client), url));
