import { describe, expect, it } from '@jest/globals';
import { wallOf } from './dates.js';
import { endOfDay, instantOf, startOfDay } from './zoned.js';

describe('a time on the clocks of a zone', () => {
  it.each([
    ['2026-07-01 12:00', 'Europe/Berlin', '2026-07-01T10:00:00.000Z'],
    ['2026-07-01 12:00', 'Pacific/Auckland', '2026-07-01T00:00:00.000Z'],
    // The first of two.
    ['2026-10-25 02:30', 'Europe/Berlin', '2026-10-25T00:30:00.000Z'],
    // Left out: 03:30 is as long after the gap.
    ['2026-03-29 02:30', 'Europe/Berlin', '2026-03-29T01:30:00.000Z'],
  ])('%s in %s is %s', (wall, zone, instant) => {
    expect(instantOf(wall, zone)).toBe(instant);
  });

  it('is what the instant shows there', () => {
    expect(wallOf('2026-07-01T00:05:00.000Z', 'Pacific/Auckland')).toBe('2026-07-01 12:05');
    expect(wallOf('2026-07-01T22:05:00.000Z', 'Europe/Berlin')).toBe('2026-07-02 00:05');
  });

  it('ends a day where the next begins, also without a midnight', () => {
    expect(startOfDay('2026-04-24', 'Africa/Cairo')).toBe('2026-04-23T22:00:00.000Z');
    expect(endOfDay('2026-03-29', 'Europe/Berlin')).toBe('2026-03-29T22:00:00.000Z');
    expect(endOfDay('2026-03-29', 'UTC')).toBe('2026-03-30T00:00:00.000Z');
  });
});
