import pg from 'pg';
import type { Api } from '@allotree/api-client';
import { onOneState } from '../one-state.js';
import { checkStore, type StoreReport } from '../store/check-store.js';
import type { Finding } from '../store/finding.js';
import { liveFindings } from './compare-with-live.js';
import { DumpFault, type Dump } from './dump.js';
import { openDump } from './open-dump.js';
import { restoreDump } from './restore-dump.js';
import { onThrowawayDatabase } from './throwaway-database.js';

/** Without these there is nothing to restore: events, and what cannot be computed from them. */
const REQUIRED = [
  'events.event',
  'events.identity',
  'events.store',
  'groups.checkpoint',
  'groups.account',
  'licensing.checkpoint',
];
/** The major version of the embedded PostgreSQL: a dump of a later one can have SQL that it does not know. */
const NEWEST_SERVER = 18;
const MEBIBYTE = 1_048_576;

export interface BackupReport extends StoreReport {
  readonly restorable: boolean;
  readonly format: Dump['format'];
  readonly serverVersion: string;
  readonly pgDumpVersion: string;
  /** Whether rows have checksums, so that any changed byte in them is found. */
  readonly rowChecksums: boolean;
  /** Whether a SHA-256 beside the dump was found and matches, so that any changed byte of the dump is found. */
  readonly sha256: boolean;
}

export interface BackupToCheck {
  readonly path: string;
  readonly tempDir?: string;
  /** Replay only this number of streams, chosen at random. */
  readonly streams?: number;
  /** Compare with the system that this is the API of. */
  readonly live?: Api;
  readonly progress: (line: string) => void;
}

function requireServer({ serverVersion }: Dump): void {
  const major = Number.parseInt(serverVersion, 10);
  if (Number.isNaN(major)) throw new DumpFault('the dump does not say which PostgreSQL it was made of.');
  if (major > NEWEST_SERVER)
    throw new DumpFault(
      `the dump was made of PostgreSQL ${serverVersion}, and this check restores into ${NEWEST_SERVER}. Use the release of Allotree that runs on it.`,
    );
}

async function requireTables(client: pg.Client, withRows: ReadonlySet<string>): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NULL',
    [REQUIRED],
  );
  if (rows.length > 0)
    throw new DumpFault(
      `the dump lacks ${rows.map(({ name }) => name).join(', ')}. It is of another database, or was made of some schemas or tables only.`,
    );
  const empty = REQUIRED.find((table) => !withRows.has(table));
  if (empty !== undefined)
    throw new DumpFault(
      `the dump lacks the rows of ${empty}. Dump again without --schema-only and --exclude-table-data.`,
    );
}

async function chosenStreams(client: pg.Client, number: number | undefined): Promise<readonly string[] | undefined> {
  if (number === undefined) return undefined;
  const { rows } = await client.query<{ stream_name: string }>(
    'SELECT stream_name FROM (SELECT DISTINCT stream_name FROM events.event) AS streams ORDER BY random() LIMIT $1',
    [number],
  );
  return rows.map((row) => row.stream_name);
}

/**
 * Restores a dump into a throwaway database, replays its event log and checks what follows from it.
 * @throws DumpFault where it cannot be restored
 */
export async function checkBackup(backup: BackupToCheck): Promise<BackupReport> {
  const { path, tempDir, progress } = backup;
  progress('reading the dump to its end');
  const dump = await openDump(path);
  try {
    requireServer(dump);
    const throwaway = { ...(tempDir !== undefined && { parent: tempDir }), bytes: dump.bytes };
    const report = await onThrowawayDatabase(throwaway, async (connectionString) => {
      progress(`restoring ${Math.ceil(dump.bytes / MEBIBYTE)} MiB of rows`);
      const withRows = await restoreDump(dump, connectionString, everyStep(dump.bytes, progress));
      return onOneState(connectionString, (client) => replay(client, withRows, backup));
    });
    return {
      restorable: report.findings.length === 0,
      format: dump.format,
      serverVersion: dump.serverVersion,
      pgDumpVersion: dump.dumpVersion,
      rowChecksums: dump.checksums,
      sha256: dump.digestMatches,
      ...report,
    };
  } finally {
    await dump.close();
  }
}

async function replay(
  client: pg.Client,
  withRows: ReadonlySet<string>,
  { streams: number, live, progress }: BackupToCheck,
): Promise<StoreReport> {
  await requireTables(client, withRows);
  const streams = await chosenStreams(client, number);
  progress('replaying the event log');
  const report = await checkStore({
    client,
    ...(streams && { streams }),
    progress: (events, done) => progress(`replayed ${events} events of ${done} streams`),
  });
  if (live === undefined) return report;
  progress('comparing published events with the running system');
  const compared: readonly Finding[] = await liveFindings(client, live, streams);
  return { ...report, findings: [...report.findings, ...compared] };
}

/** A line for every tenth of the rows. */
function everyStep(bytes: number, progress: (line: string) => void): (restored: number) => void {
  let tenths = 0;
  return (restored) => {
    if (bytes === 0 || (restored * 10) / bytes < tenths + 1) return;
    tenths = Math.floor((restored * 10) / bytes);
    progress(`restored ${tenths * 10} % of the rows`);
  };
}
