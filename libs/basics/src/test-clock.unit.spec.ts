import { describe, expect, it } from '@jest/globals';
import { TestClock } from './test-clock.js';

const DAY = 86_400_000;

describe('a clock that can be moved', () => {
  it('runs with the time of the system until it is moved', () => {
    const clock = new TestClock();
    const before = Date.now();
    const now = clock.now();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  it('continues from the time it was moved to', async () => {
    const clock = new TestClock();
    const to = Date.now() + 30 * DAY;
    expect(await clock.moveTo(to)).toBe(true);
    expect(clock.now()).toBeGreaterThanOrEqual(to);
    expect(clock.now()).toBeLessThan(to + DAY);
  });

  it('does not go back', async () => {
    const clock = new TestClock();
    await clock.moveTo(Date.now() + DAY);
    const now = clock.now();
    expect(await clock.moveTo(now - 1)).toBe(false);
    expect(clock.now()).toBeGreaterThanOrEqual(now);
  });

  it('runs its followers one after the other, before the next move', async () => {
    const clock = new TestClock();
    const start = Date.now();
    const reported: string[] = [];
    const tell = (name: string) => async (): Promise<void> => {
      const day = Math.floor((clock.now() - start) / DAY);
      reported.push(`${name} begins on day ${day}`);
      await new Promise((resolve) => setImmediate(resolve));
      reported.push(`${name} ends on day ${day}`);
    };
    clock.onJump(tell('a'));
    clock.onJump(tell('b'));
    await Promise.all([clock.moveTo(start + DAY), clock.moveTo(start + 2 * DAY)]);
    expect(reported).toEqual(
      [1, 2].flatMap((day) =>
        ['a', 'b'].flatMap((name) => [`${name} begins on day ${day}`, `${name} ends on day ${day}`]),
      ),
    );
  });

  it('continues after a follower has failed', async () => {
    const clock = new TestClock();
    let fails = true;
    clock.onJump(async () => {
      if (fails) throw new Error('no database');
    });
    await expect(clock.moveTo(Date.now() + DAY)).rejects.toThrow('no database');
    fails = false;
    expect(await clock.moveTo(Date.now() + 2 * DAY)).toBe(true);
  });
});
