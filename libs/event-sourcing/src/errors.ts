/** The same request can succeed a little later. */
export abstract class TransientError extends Error {
  /** `unknown`: a repeat with the same command id finds out whether it was. */
  abstract readonly recorded: 'nothing' | 'unknown';
}

/** The store does not answer. */
export class StoreUnavailable extends TransientError {
  override readonly name = 'StoreUnavailable';
  readonly recorded = 'nothing';
}

/** The disk of the store is full. Nothing of the command was recorded. */
export class StorageFull extends TransientError {
  override readonly name = 'StorageFull';
  readonly recorded = 'nothing';
  /** As PostgreSQL says it. */
  readonly code = '53100';

  constructor(cause: unknown) {
    super('the disk of the event store is full', { cause });
  }
}

/** The state would not fit into the memory of this process. Nothing of the command was recorded. */
export class StateTooLarge extends TransientError {
  override readonly name = 'StateTooLarge';
  readonly recorded = 'nothing';
  readonly code = 'STATE_TOO_LARGE';

  constructor(category: string, bytes: number, maxBytes: number) {
    const mebibytes = (count: number): number => Math.ceil(count / 1_048_576);
    super(
      `A ${category} of ${mebibytes(bytes)} MiB does not fit into the memory of this process, which has ${mebibytes(maxBytes)} MiB ` +
        'for one. Give it more: NODE_OPTIONS=--max-old-space-size',
    );
  }
}

/** An append that recorded nothing for certain, or of which that is not known. */
export type AppendFailure = OutcomeUnknown | StorageFull;

/** Too many commands wait for one stream: nothing was decided, try again later. */
export class Overloaded extends TransientError {
  readonly recorded = 'nothing';

  constructor(
    readonly streamName: string,
    readonly waiting: number,
  ) {
    super(`${waiting} commands already wait for ${streamName}`);
    this.name = 'Overloaded';
  }
}

/** Other writers were faster every time. Nothing of the command was recorded. */
export class TooManyConflicts extends TransientError {
  readonly recorded = 'nothing';

  constructor(
    readonly streamName: string,
    readonly tries: number,
  ) {
    super(`the command was decided ${tries} times on ${streamName}, and each time somebody else had written first`);
    this.name = 'TooManyConflicts';
  }
}

/** The store did not say whether the command was recorded. A repeat with the same command id finds out. */
export class OutcomeUnknown extends TransientError {
  readonly recorded = 'unknown';

  constructor(
    readonly streamName: string,
    cause: unknown,
  ) {
    super(`the store did not confirm what was appended to ${streamName}`, { cause });
    this.name = 'OutcomeUnknown';
  }
}

/** The process is going down and takes no more commands. */
export class RuntimeStopped extends TransientError {
  readonly recorded = 'nothing';

  constructor() {
    super('the command runtime has been stopped');
    this.name = 'RuntimeStopped';
  }
}
