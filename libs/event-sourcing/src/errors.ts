/** The same request may succeed if it is retried later. */
export abstract class TransientError extends Error {
  /** Whether anything was recorded. `unknown`: repeating the request with the same command id finds out. */
  abstract readonly recorded: 'nothing' | 'unknown';
}

/** The event store is unavailable. */
export class StoreUnavailable extends TransientError {
  override readonly name = 'StoreUnavailable';
  readonly recorded = 'nothing';
}

/** The disk of the event store is full; nothing was recorded. */
export class StorageFull extends TransientError {
  override readonly name = 'StorageFull';
  readonly recorded = 'nothing';
  /** SQLSTATE `disk_full`. */
  readonly code = '53100';

  constructor(cause: unknown) {
    super('the disk of the event store is full', { cause });
  }
}

/** The state exceeds the memory limit of this process; nothing was recorded. */
export class StateTooLarge extends TransientError {
  override readonly name = 'StateTooLarge';
  readonly recorded = 'nothing';
  readonly code = 'STATE_TOO_LARGE';

  constructor(category: string, bytes: number, maxBytes: number) {
    const mebibytes = (count: number): number => Math.ceil(count / 1_048_576);
    super(
      `State of ${category} exceeds the memory limit: ${mebibytes(bytes)} MiB, limit ${mebibytes(maxBytes)} MiB. ` +
        'Increase the heap with NODE_OPTIONS=--max-old-space-size.',
    );
  }
}

/** Why an append failed. */
export type AppendFailure = OutcomeUnknown | StorageFull;

/** Too many requests are waiting for one stream; nothing was decided. */
export class Overloaded extends TransientError {
  readonly recorded = 'nothing';

  constructor(
    readonly streamName: string,
    readonly waiting: number,
  ) {
    super(`${waiting} commands are already waiting for ${streamName}`);
    this.name = 'Overloaded';
  }
}

/** Every attempt conflicted with another writer; nothing was recorded. */
export class TooManyConflicts extends TransientError {
  readonly recorded = 'nothing';

  constructor(
    readonly streamName: string,
    readonly tries: number,
  ) {
    super(`the command on ${streamName} failed after ${tries} attempts, each of which conflicted with another writer`);
    this.name = 'TooManyConflicts';
  }
}

/**
 * The store did not confirm the append. Repeating the request with the same command id finds out whether it was
 * recorded.
 */
export class OutcomeUnknown extends TransientError {
  readonly recorded = 'unknown';

  constructor(
    readonly streamName: string,
    cause: unknown,
  ) {
    super(`the store did not confirm the append to ${streamName}`, { cause });
    this.name = 'OutcomeUnknown';
  }
}

/** A stream lacks an event that it once had: building a state without it would be wrong. */
export class HistoryLost extends Error {
  override readonly name = 'HistoryLost';

  constructor(
    readonly streamName: string,
    /** Revision of the first missing event. */
    readonly revision: number,
  ) {
    super(
      `event ${revision} of ${streamName} is missing: the stream was deleted or truncated in EventStoreDB. Restore the node ` +
        'from a backup; never set $maxAge, $maxCount or $tb on streams of this system, and never delete them.',
    );
  }
}

/** The process is shutting down and accepts no more commands. */
export class RuntimeStopped extends TransientError {
  readonly recorded = 'nothing';

  constructor() {
    super('the command runtime has been stopped');
    this.name = 'RuntimeStopped';
  }
}
