import { describe, expect, it, jest } from '@jest/globals';
import type { Readiness } from '@allotree/basics';
import { ClockWatch } from './clock-watch.js';

/** A watch beside a database whose clock is off by the given number of milliseconds. */
function beside(databaseAhead: number) {
  const shown = new Map<string, () => Promise<unknown>>();
  const warn = jest.fn();
  const info = jest.fn();
  const set = { ahead: databaseAhead };
  const pool = { query: () => Promise.resolve({ rows: [{ now: new Date(Date.now() + set.ahead) }] }) };
  const readiness = { show: (name: string, check: () => Promise<unknown>) => shown.set(name, check) };
  const watch = new ClockWatch(
    pool as never,
    { CLOCK_SKEW_SECONDS: 30 } as never,
    { warn, info } as never,
    readiness as unknown as Readiness,
  );
  const health = () => shown.get('clock')!().then(() => 'up', () => 'down'); // prettier-ignore
  return { watch, warn, info, set, health };
}

describe('the clocks of this machine and of the database', () => {
  it.each([
    [0, 'up'],
    [29_000, 'up'],
    [-29_000, 'up'],
    [60_000, 'down'],
    [-60_000, 'down'],
  ])('differ by %d ms: shown as %s, and logged where they differ too much', async (ahead, health) => {
    const off = beside(ahead);
    expect(await off.health()).toBe(health);
    expect(await off.watch.isOff()).toBe(health === 'down');
    off.watch.onApplicationBootstrap();
    await new Promise(setImmediate);
    off.watch.onModuleDestroy();
    expect(off.warn).toHaveBeenCalledTimes(health === 'down' ? 1 : 0);
  });

  it.each([60_000, -60_000])(
    'differ by %d ms: scheduled work is left to others, which is logged once',
    async (ahead) => {
      const { watch, warn, info, set } = beside(ahead);
      expect([await watch.isClockAccurate(), await watch.isClockAccurate()]).toEqual([false, false]);
      expect([warn.mock.calls.length, info.mock.calls.length]).toEqual([1, 0]);
      set.ahead = 0;
      expect([await watch.isClockAccurate(), await watch.isClockAccurate()]).toEqual([true, true]);
      expect([warn.mock.calls.length, info.mock.calls.length]).toEqual([1, 1]);
    },
  );

  it('log nothing as long as they agree', async () => {
    const { watch, warn, info } = beside(0);
    expect(await watch.isClockAccurate()).toBe(true);
    expect([warn.mock.calls, info.mock.calls]).toEqual([[], []]);
  });
});
