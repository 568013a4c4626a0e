import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_ATTEMPTS, pauseAfter, PAUSES_MS, retryAfterOf } from './retry-schedule.js';

const HOUR = 3_600_000;

describe('the pause after a failed attempt', () => {
  it('grows from 5 seconds to a day, and there are ten attempts', () => {
    const pauses = Array.from({ length: 10 }, (_, index) =>
      pauseAfter({ attempts: index + 1, retryAfterMs: null, random: 0 }),
    );
    const hours = [2, 5, 10, 14, 20, 24].map((number) => number * HOUR);
    expect(pauses).toEqual([5_000, 300_000, 1_800_000, ...hours, null]);
    expect(MAX_ATTEMPTS).toBe(10);
  });

  it('is at most a fifth longer, never shorter than asked for, and never more than that beyond a day', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.option(fc.integer({ min: 0, max: 40 * 24 * HOUR })),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempts, retryAfterMs, random) => {
          const least = Math.max(PAUSES_MS[attempts - 1]!, Math.min(retryAfterMs ?? 0, 24 * HOUR));
          const pause = pauseAfter({ attempts, retryAfterMs, random })!;
          expect(pause).toBeGreaterThanOrEqual(least);
          expect(pause).toBeLessThanOrEqual(Math.ceil(least * 1.2));
        },
      ),
    );
  });
});

describe('Retry-After', () => {
  const now = Date.parse('2026-06-01T08:00:00Z');
  it.each([
    ['120', 120_000],
    [' 0', 0],
    ['Mon, 01 Jun 2026 08:01:00 GMT', 60_000],
    ['Mon, 01 Jun 2026 07:00:00 GMT', 0],
    ['soon', null],
    ['-5', null],
    ['99999999999999999999', null],
    [undefined, null],
  ])('%j means %j milliseconds', (header, expected) => expect(retryAfterOf(header, now)).toBe(expected));
});
