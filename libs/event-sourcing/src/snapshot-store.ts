/** State of a stream after one of its events. */
export interface Snapshot {
  /** `Snapshotting.version` of the aggregate that wrote it. */
  readonly version: number;
  /** Revision, id and position of the event after which it was taken. */
  readonly revision: number;
  readonly eventId: string;
  readonly position: bigint;
  /** The state as JSON text. */
  readonly json: string;
}

/** Stores the latest snapshot of each stream. Losing a snapshot only costs time. */
export interface SnapshotStore {
  load(streamName: string): Promise<Snapshot | null>;
  /** Replaces the stored snapshot, so an invalid one does not persist. */
  save(streamName: string, snapshot: Snapshot): Promise<void>;
}
