import { Clock, type Follower } from './clock.js';

/**
 * Runs like the system's clock, ahead of it by the total of all moves: for tests and demonstrations (`TEST_CLOCK=1`). All services of the
 * process share it.
 */
export class TestClock extends Clock {
  private ahead = 0;
  private readonly followers: Follower[] = [];
  private moving: Promise<void> = Promise.resolve();

  now(): number {
    return Date.now() + this.ahead;
  }

  /** The next follower waits for the previous one. */
  override onJump(follower: Follower): void {
    this.followers.push(follower);
  }

  /**
   * Moves forward and waits until everything due by then has happened. Moves take turns.
   * @param to milliseconds since 1970
   * @returns false when the clock is already later
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
