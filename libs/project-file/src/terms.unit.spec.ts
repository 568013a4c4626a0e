import { describe, expect, it } from '@jest/globals';
import { isSameBorder, resolveWhen } from './terms.js';

const zone = 'Europe/Berlin';
const first = { zone, instant: Date.parse('2026-06-01T10:30:00Z') };

describe('a duration of a project file', () => {
  it.each([
    ['P6M', '2026-11-30T23:00:00.000Z'],
    ['-P5M', '2025-12-31T23:00:00.000Z'],
    ['P6M30D', '2026-12-30T23:00:00.000Z'],
    ['P1Y', '2027-05-31T22:00:00.000Z'],
  ])('%s counts from the start of the first day in the project’s time zone: %s', (duration, instant) => {
    expect(resolveWhen(duration, first)).toBe(instant);
  });

  it('leaves dates, instants and what is not named alone', () => {
    const borders = ['2026-12-01', '2026-12-01T00:00:00Z', null, undefined];
    expect(borders.map((border) => resolveWhen(border, first))).toEqual(borders);
  });
});

describe('whether an existing border is the wanted one', () => {
  it.each<
    [what: string, stands: string | null, wanted: string | null | undefined, which: 'from' | 'until', same: boolean]
  >([
    ['the end of a date is the end of that day', '2026-11-30T23:00:00.000Z', '2026-11-30', 'until', true],
    ['the start of a date is its first moment', '2026-11-29T23:00:00.000Z', '2026-11-30', 'from', true],
    ['an instant is itself', '2026-12-01T00:00:00.000Z', '2026-12-01T01:00:00+01:00', 'until', true],
    ['another instant is another', '2026-12-01T00:00:00.000Z', '2026-12-01T00:00:01Z', 'until', false],
    ['no end is no end', null, null, 'until', true],
    ['an end that is not named is no end', null, undefined, 'until', true],
    ['an end where none is wanted', '2026-12-01T00:00:00.000Z', undefined, 'until', false],
    ['no end where one is wanted', null, '2026-12-01', 'until', false],
    ['a start that is not named is whatever it became', '2026-06-01T10:30:00.000Z', undefined, 'from', true],
  ])('%s', (_what, stands, wanted, which, same) => {
    expect(isSameBorder(stands, wanted, which, zone)).toBe(same);
  });
});
