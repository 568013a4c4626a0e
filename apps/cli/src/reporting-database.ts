import { loadConfiguration } from '@allotree/basics';
import { databaseUrlOf } from '@allotree/embedded-postgres';
import { REPORTING_DATABASE_CONFIGURATION } from '@allotree/reporting-service/configuration';

/** The database of the reporting service: the one that the environment names, or that of the system running on the data folder. */
export function reportingDatabaseUrl(env: Readonly<NodeJS.ProcessEnv>): Promise<string> {
  const { REPORTING_DATABASE_URL, DATABASE_URL } = loadConfiguration(REPORTING_DATABASE_CONFIGURATION, env);
  return databaseUrlOf({ REPORTING_DATABASE_URL, DATABASE_URL }, env['DATA_DIR'] || '.data');
}
