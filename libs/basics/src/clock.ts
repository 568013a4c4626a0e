/** Work that must be finished before the answer to a moved clock is sent. */
export type Follower = () => Promise<void>;

/** The time, for everything that decides or stamps. Decisions never read a clock themselves. */
export abstract class Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  abstract now(): number;

  /**
   * Registers work to do after each jump, in the order of registration. Only a clock that can be moved from outside and waits for what
   * follows (`TEST_CLOCK=1`) calls it.
   */
  onJump(_follower: Follower): void {}
}

export class SystemClock extends Clock {
  now(): number {
    return Date.now();
  }
}

/** Stops until it is moved: for tests and demonstrations. */
export class FixedClock extends Clock {
  private instant: number;

  /** @param at ISO 8601 instant */
  constructor(at: string) {
    super();
    this.instant = instantOf(at);
  }

  now(): number {
    return this.instant;
  }

  /** @param at ISO 8601 instant */
  moveTo(at: string): void {
    this.instant = instantOf(at);
  }

  advance(milliseconds: number): void {
    this.instant += milliseconds;
  }
}

const instantOf = (iso: string): number => {
  const instant = Date.parse(iso);
  if (Number.isNaN(instant)) throw new RangeError(`not an instant: ${iso}`);
  return instant;
};
