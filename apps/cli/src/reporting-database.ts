import { loadConfiguration } from '@allotree/basics';
import { databaseUrlOf } from '@allotree/embedded-postgres';
import { REPORTING_DATABASE_CONFIGURATION } from '@allotree/reporting-service/configuration';
import pg from 'pg';

export interface ReportingDatabase {
  readonly client: pg.Client;
  readonly url: string;
}

/**
 * Connects to the database of the reporting service: the one that the environment names, or that of the system running on the data folder.
 *
 * @param options of the session, as `PGOPTIONS`
 */
export async function withReportingDatabase<Result>(
  env: Readonly<NodeJS.ProcessEnv>,
  work: (database: ReportingDatabase) => Promise<Result>,
  options?: string,
): Promise<Result> {
  const { REPORTING_DATABASE_URL, DATABASE_URL } = loadConfiguration(REPORTING_DATABASE_CONFIGURATION, env);
  const url = await databaseUrlOf({ REPORTING_DATABASE_URL, DATABASE_URL }, env['DATA_DIR'] || '.data');
  const client = new pg.Client({ connectionString: url, ...(options !== undefined && { options }) });
  await client.connect();
  try {
    return await work({ client, url });
  } finally {
    await client.end();
  }
}
