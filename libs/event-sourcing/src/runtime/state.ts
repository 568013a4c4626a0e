import type { Aggregate } from '../aggregate.js';
import { NO_STREAM } from '../event-store.js';
import type { EventStore, RecordedEvent } from '../event-store.js';
import type { Snapshot, SnapshotStore } from '../snapshot-store.js';

/** The state of a stream in memory and where in the stream it stands. */
export interface LiveState<State> {
  value: State;
  revision: number;
  /** Of the last event, 0 when there is none. */
  position: bigint;
  /** Id of the last event in the store. */
  eventId: string;
  /** The revision of the last snapshot known to be kept, `NO_STREAM` if none. */
  snapshotRevision: number;
  /** Settings that were changed since the stream began, with the revision of the last event that did. */
  settings: Map<string, number>;
}

/** Of a setting of the stream, or (`null`) of the stream. A setting that was never changed is as old as the stream. */
export const revisionOf = (state: LiveState<unknown>, setting: string | null): number =>
  setting === null || state.revision === NO_STREAM ? state.revision : (state.settings.get(setting) ?? 0);

export type Folding<State, Event> = Pick<
  Aggregate<State, unknown, Event, unknown>,
  'category' | 'initial' | 'evolve' | 'decode' | 'snapshot' | 'settingsOf'
>;

/** Snapshot and tail, or the whole stream where there is no snapshot to trust. */
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

/** Folds what the stream holds after `state` into it; returns how many events that were. */
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

/** `null` when there is none, or none to trust: another version, not readable, or of an event the stream does not have. */
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
  // Begins with the event the snapshot was taken after: its id proves that the snapshot belongs to this stream.
  for await (const event of store.readStream(streamName, state.revision)) {
    if (++read > 0) fold(state, event, folding);
    else if (event.metadata.eventId !== state.eventId) return ignored();
  }
  return read >= 0 ? { state, eventsRead: read } : ignored();

  function ignored(): null {
    onIgnored(
      new Error(
        `the snapshot was taken after event ${state.eventId}, which is not number ${state.snapshotRevision} of the stream`,
      ),
    );
    return null;
  }
}

function restore<State, Event>(snapshot: Snapshot, folding: Folding<State, Event>): LiveState<State> {
  const { version, revision, position, eventId, json } = snapshot;
  const known = snapshotVersion(folding);
  if (version !== known) throw new Error(`version ${version}, not ${known}`);
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

/** Added to the version of an aggregate that has settings: a snapshot from before it had them is ignored. */
const WITH_SETTINGS = 1_000;

export const snapshotVersion = <State, Event>({ snapshot, settingsOf }: Folding<State, Event>): number =>
  snapshot!.version + (settingsOf ? WITH_SETTINGS : 0);

/** The state, and the revisions of its settings where the aggregate has some, as JSON text. */
export function snapshotJson<State, Event>(
  { value, settings }: LiveState<State>,
  { snapshot, settingsOf }: Folding<State, Event>,
): string {
  const state = snapshot!.encode(value);
  return JSON.stringify(settingsOf ? ({ state, settings: [...settings] } satisfies WithSettings) : state);
}
