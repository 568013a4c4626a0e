import { runningPostgres } from './embedded-postgres.js';

/**
 * The database that the first of these settings names, or that of the system running on a data folder.
 *
 * @param settings by the names of their variables
 * @throws Error where there is neither
 */
export async function databaseUrlOf(
  settings: Readonly<Record<string, string | undefined>>,
  folder: string,
): Promise<string> {
  const url = Object.values(settings).find((each) => each !== undefined) ?? (await runningPostgres(folder));
  if (url === null)
    throw new Error(
      `no Allotree is running on the data folder ${folder}, and neither ${Object.keys(settings).join(' nor ')} says where the database is`,
    );
  return url;
}
