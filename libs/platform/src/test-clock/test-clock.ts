import { Clock } from '../clock.js';

/** What must have happened before a moved clock is answered for. */
export type Follower = () => Promise<void>;

/**
 * Runs as the system's clock does, ahead of it by as much as it was moved: for tests and demonstrations (`TEST_CLOCK=1`).
 * Every service of the process asks this one.
 */
export class TestClock extends Clock {
  private ahead = 0;
  private readonly followers: Follower[] = [];
  private moving: Promise<void> = Promise.resolve();

  now(): number {
    return Date.now() + this.ahead;
  }

  /** Called after each move, in the order of registration; the next one waits for the one before. */
  afterMove(follower: Follower): void {
    this.followers.push(follower);
  }

  /**
   * Moves forward and lets what is due by then happen before it returns. Moves take turns.
   * @param to milliseconds since 1970
   * @returns false when it is later already
   */
  async moveTo(to: number): Promise<boolean> {
    const turn = this.moving.then(() => this.moveNow(to));
    this.moving = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  private async moveNow(to: number): Promise<boolean> {
    if (to < this.now()) return false;
    this.ahead = to - Date.now();
    for (const follow of this.followers) await follow();
    return true;
  }
}
