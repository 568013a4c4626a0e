import { gunzipSync } from 'node:zlib';
import { categoryOf, snapshotDigest, snapshotVersionOf } from '@allotree/event-sourcing';
import type pg from 'pg';
import { AGGREGATES } from './aggregates.js';
import { comparableState } from './comparable-state.js';

/** A stored snapshot, read without its state being restored. */
export interface StoredSnapshot {
  readonly revision: number;
  readonly eventId: string;
  /** Why it is not the one that was written; `null`: its digest matches. */
  readonly fault: string | null;
  /** The state in a comparable form; `null`: of a version that this release does not read, so that it is not used. */
  readonly state: string | null;
}

interface Row {
  readonly version: number;
  readonly revision: string;
  readonly event_id: string;
  readonly position: string;
  readonly state: Buffer;
  readonly digest: Buffer | null;
}

const SQL = 'SELECT version, revision, event_id, position, state, digest FROM events.snapshot WHERE stream_name = $1';

/** `null`: the stream has none. */
export async function snapshotOf(client: pg.Client, streamName: string): Promise<StoredSnapshot | null> {
  const { rows } = await client.query<Row>(SQL, [streamName]);
  const [row] = rows;
  if (row === undefined) return null;
  const about = { revision: Number(row.revision), eventId: row.event_id };
  try {
    return { ...about, ...restored(streamName, row) };
  } catch (error) {
    return { ...about, fault: `it cannot be read: ${(error as Error).message}`, state: null };
  }
}

function restored(streamName: string, row: Row): Pick<StoredSnapshot, 'fault' | 'state'> {
  const json = gunzipSync(row.state).toString('utf8');
  // Written by an earlier release, and therefore not used.
  if (row.digest === null) return { fault: null, state: null };
  const { version, revision, event_id: eventId, position } = row;
  const digest = snapshotDigest(streamName, {
    version,
    revision: Number(revision),
    eventId,
    position: BigInt(position),
    json,
  });
  if (!digest.equals(row.digest)) return { fault: 'its digest does not match', state: null };
  const category = categoryOf(streamName);
  const aggregate = AGGREGATES.get(category);
  if (aggregate?.snapshot === undefined || snapshotVersionOf(aggregate) !== version)
    return { fault: null, state: null };
  const parsed: unknown = JSON.parse(json);
  const state = aggregate.settingsOf ? (parsed as { state: unknown }).state : parsed;
  return { fault: null, state: comparableState(category, state) };
}
