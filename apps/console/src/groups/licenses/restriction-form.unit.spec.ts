import { describe, expect, it } from '@jest/globals';
import {
  endingWith,
  hasTooManyApps,
  lastDay,
  NEW_ALLOTMENT,
  reducedTo,
  type AllotmentEntry,
  type RestrictionEntry,
} from './restriction-form.js';

const allotment = (numbers: number | null, apps: number | null, validUntil: string | null = null): AllotmentEntry => ({
  ...NEW_ALLOTMENT,
  units: { sip_number: numbers, mobile_app: apps, ukey2: 0 },
  validUntil,
});
const entry = (...allotments: readonly AllotmentEntry[]): RestrictionEntry => ({
  enabled: true,
  poolMode: 'shared',
  gracePeriodDays: 0,
  allotments,
  reminder: null,
});
const unitsOf = ({ allotments }: RestrictionEntry) =>
  allotments.map(({ units }) => [units.sip_number, units.mobile_app]);

describe('a form of licenses', () => {
  it.each([
    [10, 10, false],
    [10, 11, true],
    [null, 500, false],
    [null, null, false],
    [10, null, true],
  ])('with %s numbers and %s apps has too many apps: %s (R1)', (numbers, apps, isOver) => {
    expect(hasTooManyApps(allotment(numbers, apps))).toBe(isOver);
  });

  it('takes from the newest allotments first, and keeps no more apps than numbers', () => {
    const before = entry(allotment(50, 40), allotment(30, 30), allotment(20, 5));
    expect(unitsOf(reducedTo(before, 'sip_number', 65))).toEqual([
      [50, 40],
      [15, 15],
      [0, 0],
    ]);
    expect(unitsOf(reducedTo(before, 'mobile_app', 70))).toEqual([
      [50, 40],
      [30, 30],
      [20, 0],
    ]);
    expect(unitsOf(reducedTo(before, 'sip_number', 500))).toEqual(unitsOf(before));
  });

  it('turns an unlimited allotment into what there is', () => {
    expect(unitsOf(reducedTo(entry(allotment(null, null)), 'sip_number', 12))).toEqual([[12, 12]]);
  });

  it('ends with what is above, unless it ends before', () => {
    const until = '2026-06-30T22:00:00.000Z';
    const before = entry(
      allotment(1, 0),
      allotment(1, 0, '2026-07-01'),
      allotment(1, 0, '2026-06-30'),
      allotment(1, 0, '2026-01-31'),
    );
    expect(endingWith(before, until, 'Europe/Berlin').allotments.map(({ validUntil }) => validUntil)).toEqual([
      until,
      until,
      '2026-06-30',
      '2026-01-31',
    ]);
  });

  it('shows the last day of a term in the time zone of the project', () => {
    expect(lastDay('2026-06-30T22:00:00.000Z', 'Europe/Berlin')).toBe('2026-06-30');
    expect(lastDay('2026-06-30T22:00:00.000Z', 'UTC')).toBe('2026-06-30');
    expect(lastDay('2026-07-01T00:00:00.000Z', 'UTC')).toBe('2026-06-30');
    expect(lastDay('2026-07-01', 'UTC')).toBe('2026-07-01');
  });
});
