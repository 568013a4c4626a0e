/** An event of the log, as the tables are computed from it. */
export interface StoredEvent {
  readonly position: bigint;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  /** Orders the events of a source and subject; events cut from one list share it. */
  readonly sequence: bigint;
  /** From when it is in force, in milliseconds. */
  readonly at: number;
  readonly tenantId: string | null;
  readonly data: unknown;
}

/** When, and because of which event. */
export type Origin = Pick<StoredEvent, 'at' | 'position' | 'tenantId'>;
