import type { AggregateOf, AggregateTypes } from '../aggregate.js';
import { NO_STREAM } from '../event-store.js';
import type { EventStore, RecordedEvent } from '../event-store.js';

/** A state in memory and the revision it reflects. */
export interface LiveState<T extends AggregateTypes> {
  value: T['state'];
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
export const revisionOf = (
  { revision, settings }: Pick<LiveState<AggregateTypes>, 'revision' | 'settings'>,
  setting: string | null,
): number => (setting === null || revision === NO_STREAM ? revision : (settings.get(setting) ?? 0));

export const initialState = <T extends AggregateTypes>(aggregate: AggregateOf<T>): LiveState<T> => ({
  value: aggregate.initial(),
  revision: NO_STREAM,
  position: 0n,
  eventId: '',
  snapshotRevision: NO_STREAM,
  settings: new Map(),
});

/** Applies the events after `state` to it, and returns how many there were. */
export async function catchUp<T extends AggregateTypes>(
  state: LiveState<T>,
  streamName: string,
  aggregate: AggregateOf<T>,
  store: EventStore,
): Promise<number> {
  let read = 0;
  for await (const event of store.readStream(streamName, state.revision + 1)) {
    fold(state, event, aggregate);
    read++;
  }
  return read;
}

export function fold<T extends AggregateTypes>(
  state: LiveState<T>,
  event: RecordedEvent,
  aggregate: AggregateOf<T>,
): void {
  const decoded = aggregate.decode(event.type, event.data);
  state.value = aggregate.evolve(state.value, decoded);
  state.revision = event.revision;
  for (const setting of aggregate.settingsOf?.(decoded) ?? []) state.settings.set(setting, event.revision);
  state.position = event.position;
  state.eventId = event.metadata.eventId;
}
