/** A state of a stream as it was after one of its events. */
export interface Snapshot {
  /** `Snapshotting.version` of the aggregate that wrote it. */
  readonly version: number;
  /** The event it was taken after: its revision, id and position. */
  readonly revision: number;
  readonly eventId: string;
  readonly position: bigint;
  /** The state as JSON text. */
  readonly json: string;
}

/** Keeps one snapshot of each stream. Losing one costs time, never truth. */
export interface SnapshotStore {
  load(streamName: string): Promise<Snapshot | null>;
  /** Takes the place of what was kept, so a bad one does not stay. */
  save(streamName: string, snapshot: Snapshot): Promise<void>;
}
