import type { AggregateOf, AggregateTypes } from '../aggregate.js';
import { StateTooLarge } from '../errors.js';
import { NO_STREAM } from '../event-store.js';
import type { EventStore } from '../event-store.js';
import type { Logger } from '../logger.js';
import type { Snapshot, SnapshotStore } from '../snapshot-store.js';
import type { RuntimeMetrics } from './metrics.js';
import { fold, type LiveState } from './state.js';

/** Serializing a state blocks the event loop, so it may take at most 1/50 of the time of a stream. */
const SHARE_OF_TIME = 50;

/** Loads states from snapshots, and writes snapshots in the background: serialized immediately, stored later. */
export class Snapshots {
  readonly #writing = new Set<Promise<void>>();
  readonly #pauses = new WeakMap<object, number>();

  constructor(
    private readonly events: EventStore,
    private readonly snapshots: SnapshotStore | undefined,
    private readonly metrics: RuntimeMetrics,
    private readonly logger: Logger,
  ) {}

  /**
   * The state from the snapshot and the events after it; `null` if there is no valid snapshot: another version,
   * unreadable, or taken after an event that the stream does not contain.
   */
  async load<T extends AggregateTypes>(
    streamName: string,
    aggregate: AggregateOf<T>,
  ): Promise<{ state: LiveState<T>; eventsRead: number } | null> {
    const state = aggregate.snapshot ? await this.#restore(streamName, aggregate) : null;
    if (!state) return null;
    let read = -1;
    // The first event is the one the snapshot was taken after; its id proves that the snapshot belongs to this stream.
    for await (const event of this.events.readStream(streamName, state.revision)) {
      if (++read > 0) fold(state, event, aggregate);
      else if (event.metadata.eventId !== state.eventId) return this.#notOfThisStream(streamName, aggregate, state);
    }
    return read >= 0 ? { state, eventsRead: read } : this.#notOfThisStream(streamName, aggregate, state);
  }

  /** The state from the snapshot; `null` if there is no valid one that was taken at this revision or before. */
  async before<T extends AggregateTypes>(
    streamName: string,
    aggregate: AggregateOf<T>,
    revision: number,
  ): Promise<LiveState<T> | null> {
    const state = aggregate.snapshot ? await this.#restore(streamName, aggregate) : null;
    if (!state || state.revision > revision) return null;
    let eventId: string | null = null;
    for await (const event of this.events.readStream(streamName, state.revision)) {
      ({ eventId } = event.metadata);
      break;
    }
    return eventId === state.eventId ? state : this.#notOfThisStream(streamName, aggregate, state);
  }

  /** Takes a snapshot if enough events have been recorded since the last one. */
  offer<T extends AggregateTypes>(streamName: string, aggregate: AggregateOf<T>, state: LiveState<T>): void {
    const { snapshots } = this;
    if (!snapshots || !aggregate.snapshot || state.revision === NO_STREAM) return;
    if (state.revision - state.snapshotRevision < aggregate.snapshot.every) return;
    const start = performance.now();
    if (start < (this.#pauses.get(state) ?? 0)) return;
    const { revision, eventId, position } = state;
    let json: string;
    try {
      json = toJson(state, aggregate);
    } catch (error) {
      this.#notWritten(streamName, error);
      return;
    } finally {
      state.snapshotRevision = revision;
      const end = performance.now();
      this.#pauses.set(state, end + (end - start) * SHARE_OF_TIME);
    }
    const writing = snapshots
      .save(streamName, { version: snapshotVersionOf(aggregate), revision, eventId, position, json })
      .catch((error: unknown) => this.#notWritten(streamName, error))
      .finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }

  /** Resolves once the snapshots taken so far are stored. */
  async finished(): Promise<void> {
    await Promise.all(this.#writing);
  }

  async #restore<T extends AggregateTypes>(
    streamName: string,
    aggregate: AggregateOf<T>,
  ): Promise<LiveState<T> | null> {
    try {
      const snapshot = await this.snapshots?.load(streamName);
      return snapshot ? fromSnapshot(snapshot, aggregate) : null;
    } catch (error) {
      // The stream would become too large as well, only later.
      if (error instanceof StateTooLarge) throw error;
      return this.#ignored(streamName, aggregate, error);
    }
  }

  #notOfThisStream<T extends AggregateTypes>(
    streamName: string,
    aggregate: AggregateOf<T>,
    { eventId, snapshotRevision }: LiveState<T>,
  ): null {
    const reason = `the snapshot was taken after event ${eventId}, which is not event ${snapshotRevision} of the stream`;
    return this.#ignored(streamName, aggregate, new Error(reason));
  }

  #ignored<T extends AggregateTypes>(streamName: string, { category }: AggregateOf<T>, reason: unknown): null {
    this.metrics.snapshotIgnored?.(category);
    this.logger.warn({ err: reason, stream: streamName }, 'invalid snapshot ignored, stream read from the beginning');
    return null;
  }

  #notWritten(streamName: string, error: unknown): void {
    this.logger.warn({ err: error, stream: streamName }, 'could not write snapshot');
  }
}

interface WithSettings {
  readonly state: unknown;
  readonly settings: readonly (readonly [string, number])[];
}

/** Added to the version of an aggregate with settings, so that snapshots written before it had settings are ignored. */
const WITH_SETTINGS = 1_000;

/** The version of the snapshots of an aggregate. */
export const snapshotVersionOf = <T extends AggregateTypes>(aggregate: AggregateOf<T>): number =>
  aggregate.snapshot!.version + (aggregate.settingsOf ? WITH_SETTINGS : 0);

function fromSnapshot<T extends AggregateTypes>(snapshot: Snapshot, aggregate: AggregateOf<T>): LiveState<T> {
  const { version, revision, position, eventId, json } = snapshot;
  const known = snapshotVersionOf(aggregate);
  if (version !== known) throw new Error(`the snapshot has version ${version}, expected ${known}`);
  const parsed: unknown = JSON.parse(json);
  const { state, settings } = aggregate.settingsOf ? (parsed as WithSettings) : { state: parsed, settings: [] };
  const value = aggregate.snapshot!.decode(state);
  return { value, revision, position, eventId, snapshotRevision: revision, settings: new Map(settings) };
}

/** Serializes the state, with the revisions of its settings if the aggregate has any. */
function toJson<T extends AggregateTypes>({ value, settings }: LiveState<T>, aggregate: AggregateOf<T>): string {
  const state = aggregate.snapshot!.encode(value);
  return JSON.stringify(aggregate.settingsOf ? ({ state, settings: [...settings] } satisfies WithSettings) : state);
}
