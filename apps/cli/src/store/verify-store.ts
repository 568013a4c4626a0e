import { openEventStore } from '@allotree/event-sourcing';
import type pg from 'pg';
import type { Cli } from '../cli.js';
import { CliError } from '../exit-codes.js';
import { onOneState } from '../one-state.js';
import { checkStore, type StoreReport } from './check-store.js';
import { portEventLog, postgresEventLog, type EventLog } from './event-log.js';
import { storeSettings } from './settings.js';

const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** The streams of a project, by its id or name. */
async function streamsOf(client: pg.Client, project: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ project_id: string }>(
    'SELECT project_id FROM groups.project WHERE project_id = $1 OR name = $1 ORDER BY project_id',
    [project],
  );
  if (rows.length === 0) throw new CliError(`there is no project ${project}.`);
  if (rows.length > 1)
    throw new CliError(
      `${rows.length} projects are called ${project}. Name one by its id: ${rows.map((row) => row.project_id).join(', ')}.`,
    );
  return [`group_tree-${rows[0]!.project_id}`, `project-${rows[0]!.project_id}`];
}

/** A log outside the database; `undefined`: it is in the database. */
async function onOtherLog<Result>(url: string | null, work: (log?: EventLog) => Promise<Result>): Promise<Result> {
  if (url === null) return work();
  if (/^postgres(ql)?:/.test(url)) return onOneState(url, (client) => work(postgresEventLog(client)));
  const store = await openEventStore({ url, logger: SILENT });
  try {
    return await work(portEventLog(store));
  } finally {
    await store.close();
  }
}

/** Checks the store that the services use, of all projects or of one. */
export async function verifyStore({ host, out }: Cli, project: string | undefined): Promise<StoreReport> {
  const { databaseUrl, eventStoreUrl } = await storeSettings(host);
  return onOneState(databaseUrl, async (client) => {
    const streams = project === undefined ? undefined : await streamsOf(client, project);
    return onOtherLog(eventStoreUrl, (log) =>
      checkStore({
        client,
        ...(log && { log }),
        ...(streams && { streams }),
        progress: (events, done) => out.note(`read ${events} events of ${done} streams`),
      }),
    );
  });
}
