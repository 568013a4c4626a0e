import { HistoryLost } from '@allotree/event-sourcing';
import type pg from 'pg';
import { checkpointFindings, lastEventOf, publishedFindings, revisionFindings, storeIdOf } from './database-checks.js';
import { postgresEventLog, type EventLog, type LoggedEvent, type LoggedStream } from './event-log.js';
import type { Finding } from './finding.js';
import { RowsCheck } from './rows-check.js';
import { snapshotOf } from './snapshots.js';
import { StreamCheck } from './stream-check.js';

export interface StoreReport {
  readonly streams: number;
  readonly events: number;
  /** Position of the last event; 0: there is none. */
  readonly position: string;
  /** When the last event was recorded. */
  readonly instant: string | null;
  /** Events of version 0.2.0 and earlier, whose ids do not show a change of their data. */
  readonly withoutDataChecksum: number;
  readonly findings: readonly Finding[];
}

export interface StoreToCheck {
  /** Database of the read models, and of the event log unless `log` is another. */
  readonly client: pg.Client;
  /** Default: the log in the database. */
  readonly log?: EventLog;
  /** Default: all. */
  readonly streams?: readonly string[];
  readonly progress: (events: number, streams: number) => void;
}

const STEP = 5_000;

/** Reads events, folds every stream, and checks what follows from them. */
export async function checkStore(store: StoreToCheck): Promise<StoreReport> {
  const { client, log, streams, progress } = store;
  const totals = new Totals(progress);
  const rows = log === undefined ? await RowsCheck.of(client) : null;
  // From here on the client sees one state of the database, which is no newer than the log.
  await client.query('SELECT 1');
  for await (const stream of (log ?? postgresEventLog(client)).streams(streams)) {
    const { streamName } = stream;
    const check = new StreamCheck(streamName, log === undefined ? await snapshotOf(client, streamName) : null);
    await readStream(stream, check, totals);
    totals.end(check, (await rows?.findingsOf(check)) ?? []);
  }
  return log === undefined
    ? reportOfDatabase(client, totals, streams === undefined)
    : totals.report(await checkpointFindings(client, await log.head(), null));
}

async function readStream({ events, lastInLog }: LoggedStream, check: StreamCheck, totals: Totals): Promise<void> {
  try {
    for await (const event of events) {
      check.add(event);
      totals.count(event);
    }
    check.end(lastInLog);
  } catch (error) {
    if (!(error instanceof HistoryLost)) throw error;
    check.lost(error.revision);
  }
}

/** @param whole all streams were read */
async function reportOfDatabase(client: pg.Client, totals: Totals, whole: boolean): Promise<StoreReport> {
  const last = await lastEventOf(client);
  return {
    ...totals.report([
      ...(whole ? [] : await revisionFindings(client)),
      ...(await checkpointFindings(client, last.position, await storeIdOf(client))),
      ...((await publishedFindings(client)) ?? []),
    ]),
    position: last.position.toString(),
    instant: last.instant,
  };
}

class Totals {
  readonly #findings: Finding[] = [];
  #events = 0;
  #streams = 0;
  #partiallySealed = 0;
  last: LoggedEvent | null = null;

  constructor(private readonly progress: StoreToCheck['progress']) {}

  count(event: LoggedEvent): void {
    this.#events += 1;
    if (this.last === null || event.position > this.last.position) this.last = event;
    if (this.#events % STEP === 0) this.progress(this.#events, this.#streams);
  }

  end({ partiallySealed, findings }: StreamCheck, ofRows: readonly Finding[]): void {
    this.#streams += 1;
    this.#partiallySealed += partiallySealed;
    this.#findings.push(...findings, ...ofRows);
  }

  report(others: readonly Finding[]): StoreReport {
    return {
      streams: this.#streams,
      events: this.#events,
      position: (this.last?.position ?? 0n).toString(),
      instant: this.last?.metadata.recordedAt ?? null,
      withoutDataChecksum: this.#partiallySealed,
      findings: [...this.#findings, ...others],
    };
  }
}
