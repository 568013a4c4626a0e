import { NO_STREAM } from '../event-store.js';
import type { Logger } from '../logger.js';
import type { SnapshotStore } from '../snapshot-store.js';
import { snapshotJson, snapshotVersion, type Folding, type LiveState } from './state.js';

/** Serializing a state blocks the event loop, so it may take at most 1/50 of the time of a stream. */
const SHARE_OF_TIME = 50;

/** Writes snapshots in the background. A state is serialized immediately and stored later. */
export class SnapshotWriter {
  readonly #writing = new Set<Promise<void>>();
  readonly #pauses = new WeakMap<LiveState<never>, number>();

  constructor(
    private readonly store: SnapshotStore,
    private readonly logger: Logger,
  ) {}

  /** Takes a snapshot if enough events have been recorded since the last one. */
  offer<State, Event>(streamName: string, state: LiveState<State>, folding: Folding<State, Event>): void {
    const { snapshot: snapshotting } = folding;
    if (!snapshotting || state.revision === NO_STREAM) return;
    if (state.revision - state.snapshotRevision < snapshotting.every) return;
    const start = performance.now();
    if (start < (this.#pauses.get(state as LiveState<never>) ?? 0)) return;
    const { revision, eventId, position } = state;
    let json: string;
    try {
      json = snapshotJson(state, folding);
    } catch (error) {
      this.#report(streamName, error);
      return;
    } finally {
      state.snapshotRevision = revision;
      const end = performance.now();
      this.#pauses.set(state as LiveState<never>, end + (end - start) * SHARE_OF_TIME);
    }
    const writing = this.store
      .save(streamName, { version: snapshotVersion(folding), revision, eventId, position, json })
      .catch((error: unknown) => this.#report(streamName, error))
      .finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }

  async finished(): Promise<void> {
    await Promise.all(this.#writing);
  }

  #report(streamName: string, error: unknown): void {
    this.logger.warn({ err: error, stream: streamName }, 'could not write snapshot');
  }
}
