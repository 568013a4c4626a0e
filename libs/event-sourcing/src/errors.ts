/** Too many commands wait for one stream: nothing was decided, try again later. */
export class Overloaded extends Error {
  constructor(
    readonly streamName: string,
    readonly waiting: number,
  ) {
    super(`${waiting} commands already wait for ${streamName}`);
    this.name = 'Overloaded';
  }
}

/** Other writers were faster every time. Nothing of the command was recorded. */
export class TooManyConflicts extends Error {
  constructor(
    readonly streamName: string,
    readonly tries: number,
  ) {
    super(`the command was decided ${tries} times on ${streamName}, and each time somebody else had written first`);
    this.name = 'TooManyConflicts';
  }
}

/** The store did not say whether the command was recorded. A repeat with the same command id finds out. */
export class OutcomeUnknown extends Error {
  constructor(
    readonly streamName: string,
    cause: unknown,
  ) {
    super(`the store did not confirm what was appended to ${streamName}`, { cause });
    this.name = 'OutcomeUnknown';
  }
}

/** The process is going down and takes no more commands. */
export class RuntimeStopped extends Error {
  constructor() {
    super('the command runtime has been stopped');
    this.name = 'RuntimeStopped';
  }
}
