import type { Aggregate } from '../aggregate.js';
import { NO_STREAM } from '../event-store.js';
import type { EventStore, RecordedEvent } from '../event-store.js';
import type { Snapshot, SnapshotStore } from '../snapshot-store.js';

/** A state in memory and the revision it reflects. */
export interface LiveState<State> {
  value: State;
  revision: number;
  /** Position of the last event, 0 if there is none. */
  position: bigint;
  /** Id of the last event in the store. */
  eventId: string;
  /** Revision of the last stored snapshot, `NO_STREAM` if there is none. */
  snapshotRevision: number;
  /** Revision of the last event that changed each setting. */
  settings: Map<string, number>;
}

/** Revision of a setting, or of the stream (`null`). A setting that never changed has the age of the stream. */
export const revisionOf = (state: LiveState<unknown>, setting: string | null): number =>
  setting === null || state.revision === NO_STREAM ? state.revision : (state.settings.get(setting) ?? 0);

export type Folding<State, Event> = Pick<
  Aggregate<State, unknown, Event, unknown>,
  'category' | 'initial' | 'evolve' | 'decode' | 'snapshot' | 'settingsOf'
>;

/** Loads a snapshot and the events after it, or the whole stream if there is no valid snapshot. */
export async function loadState<State, Event>(
  streamName: string,
  folding: Folding<State, Event>,
  store: EventStore,
  snapshots: SnapshotStore | undefined,
  onIgnored: (reason: unknown) => void,
): Promise<{ state: LiveState<State>; eventsRead: number }> {
  if (folding.snapshot && snapshots) {
    const restored = await fromSnapshot(streamName, folding, store, snapshots, onIgnored);
    if (restored) return restored;
  }
  const state = initialState(folding);
  return { state, eventsRead: await catchUp(state, streamName, folding, store) };
}

/** Applies the events after `state` to it, and returns how many there were. */
export async function catchUp<State, Event>(
  state: LiveState<State>,
  streamName: string,
  folding: Folding<State, Event>,
  store: EventStore,
): Promise<number> {
  let read = 0;
  for await (const event of store.readStream(streamName, state.revision + 1)) {
    fold(state, event, folding);
    read++;
  }
  return read;
}

function initialState<State, Event>(folding: Folding<State, Event>): LiveState<State> {
  return {
    value: folding.initial(),
    revision: NO_STREAM,
    position: 0n,
    eventId: '',
    snapshotRevision: NO_STREAM,
    settings: new Map(),
  };
}

function fold<State, Event>(state: LiveState<State>, event: RecordedEvent, folding: Folding<State, Event>): void {
  const decoded = folding.decode(event.type, event.data);
  state.value = folding.evolve(state.value, decoded);
  state.revision = event.revision;
  for (const setting of folding.settingsOf?.(decoded) ?? []) state.settings.set(setting, event.revision);
  state.position = event.position;
  state.eventId = event.metadata.eventId;
}

/**
 * Returns `null` if there is no valid snapshot: another version, unreadable, or taken after an event that the stream
 * does not contain.
 */
async function fromSnapshot<State, Event>(
  streamName: string,
  folding: Folding<State, Event>,
  store: EventStore,
  snapshots: SnapshotStore,
  onIgnored: (reason: unknown) => void,
): Promise<{ state: LiveState<State>; eventsRead: number } | null> {
  let state: LiveState<State>;
  try {
    const snapshot = await snapshots.load(streamName);
    if (!snapshot) return null;
    state = restore(snapshot, folding);
  } catch (error) {
    onIgnored(error);
    return null;
  }
  let read = -1;
  // The first event is the one the snapshot was taken after; its id proves that the snapshot belongs to this stream.
  for await (const event of store.readStream(streamName, state.revision)) {
    if (++read > 0) fold(state, event, folding);
    else if (event.metadata.eventId !== state.eventId) return ignored();
  }
  return read >= 0 ? { state, eventsRead: read } : ignored();

  function ignored(): null {
    onIgnored(
      new Error(
        `the snapshot was taken after event ${state.eventId}, which is not event ${state.snapshotRevision} of the stream`,
      ),
    );
    return null;
  }
}

function restore<State, Event>(snapshot: Snapshot, folding: Folding<State, Event>): LiveState<State> {
  const { version, revision, position, eventId, json } = snapshot;
  const known = snapshotVersion(folding);
  if (version !== known) throw new Error(`the snapshot has version ${version}, expected ${known}`);
  const parsed: unknown = JSON.parse(json);
  const { state, settings } = folding.settingsOf ? (parsed as WithSettings) : { state: parsed, settings: [] };
  return {
    value: folding.snapshot!.decode(state),
    revision,
    position,
    eventId,
    snapshotRevision: revision,
    settings: new Map(settings),
  };
}

interface WithSettings {
  readonly state: unknown;
  readonly settings: readonly (readonly [string, number])[];
}

/** Added to the version of an aggregate with settings, so that snapshots written before it had settings are ignored. */
const WITH_SETTINGS = 1_000;

export const snapshotVersion = <State, Event>({ snapshot, settingsOf }: Folding<State, Event>): number =>
  snapshot!.version + (settingsOf ? WITH_SETTINGS : 0);

/** Serializes the state, with the revisions of its settings if the aggregate has any. */
export function snapshotJson<State, Event>(
  { value, settings }: LiveState<State>,
  { snapshot, settingsOf }: Folding<State, Event>,
): string {
  const state = snapshot!.encode(value);
  return JSON.stringify(settingsOf ? ({ state, settings: [...settings] } satisfies WithSettings) : state);
}
