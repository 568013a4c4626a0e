import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { measure } from './usage.js';
import { WINDOW_LENGTHS, windowsOf, type WindowLength } from './windows.js';

const HOUR = 3_600_000;
const period = (from: string, until: string) => ({ from: Date.parse(from), until: Date.parse(until) });
const hoursOf = (...cut: Parameters<typeof windowsOf>) =>
  [...windowsOf(...cut)].map(({ from, until }) => (until - from) / HOUR);
const startsOf = (...cut: Parameters<typeof windowsOf>) =>
  [...windowsOf(...cut)].map(({ from }) => new Date(from).toISOString());

describe('windows of the calendar', () => {
  it('gives days of 23 and 25 hours where the clock is changed', () => {
    expect(hoursOf(period('2026-03-28T00:00+01:00', '2026-03-31T00:00+02:00'), 'P1D', 'Europe/Berlin')).toEqual([
      24, 23, 24,
    ]);
    expect(hoursOf(period('2026-10-24T00:00+02:00', '2026-10-27T00:00+01:00'), 'P1D', 'Europe/Berlin')).toEqual([
      24, 25, 24,
    ]);
  });

  it('gives 25 hours of one hour each on the day with the repeated hour', () => {
    const day = period('2026-10-25T00:00+02:00', '2026-10-26T00:00+01:00');
    expect(hoursOf(day, 'PT1H', 'Europe/Berlin')).toEqual(Array.from({ length: 25 }, () => 1));
  });

  it('cuts the first hour to the period, to the millisecond', () => {
    const { from, until } = period('2026-06-01T10:07:08.009Z', '2026-06-01T11:30Z');
    const full = Date.parse('2026-06-01T11:00Z');
    expect([...windowsOf({ from, until }, 'PT1H', 'UTC')]).toEqual([
      { from, until: full },
      { from: full, until },
    ]);
  });

  it('ends an hour where Lord Howe changes its clock by half an hour', () => {
    const forward = period('2026-10-04T01:00+10:30', '2026-10-04T04:00+11:00');
    expect(hoursOf(forward, 'PT1H', 'Australia/Lord_Howe')).toEqual([1, 0.5, 1]);
    const back = period('2026-04-05T01:00+11:00', '2026-04-05T03:00+10:30');
    expect(hoursOf(back, 'PT1H', 'Australia/Lord_Howe')).toEqual([1, 0.5, 1]);
  });

  it('follows hours and days that are not those of UTC', () => {
    const morning = period('2026-05-01T06:00+05:45', '2026-05-01T08:00+05:45');
    expect(startsOf(morning, 'PT1H', 'Asia/Kathmandu')).toEqual([
      '2026-05-01T00:15:00.000Z',
      '2026-05-01T01:15:00.000Z',
    ]);
  });

  it('has no window for the day that Samoa left out', () => {
    const turn = period('2011-12-29T00:00-10:00', '2012-01-01T00:00+14:00');
    expect(startsOf(turn, 'P1D', 'Pacific/Apia')).toEqual(['2011-12-29T10:00:00.000Z', '2011-12-30T10:00:00.000Z']);
  });

  it('begins one window for a date that Alaska had twice, when it moved to the other side of the date line', () => {
    const turn = period('1867-10-19T01:00Z', '1867-10-21T00:00Z');
    expect(startsOf(turn, 'P1D', 'America/Juneau')).toEqual(['1867-10-19T01:00:00.000Z', '1867-10-20T08:57:41.000Z']);
  });

  it('begins weeks on Monday and months on the first, and cuts the ragged ends', () => {
    const range = period('2026-01-30T12:00Z', '2026-03-02T06:00Z');
    expect(startsOf(range, 'P1M', 'UTC')).toEqual([
      '2026-01-30T12:00:00.000Z',
      '2026-02-01T00:00:00.000Z',
      '2026-03-01T00:00:00.000Z',
    ]);
    expect(startsOf(range, 'P1W', 'UTC')).toEqual([
      '2026-01-30T12:00:00.000Z',
      '2026-02-02T00:00:00.000Z',
      '2026-02-09T00:00:00.000Z',
      '2026-02-16T00:00:00.000Z',
      '2026-02-23T00:00:00.000Z',
      '2026-03-02T00:00:00.000Z',
    ]);
  });

  const zones = fc.constantFrom(
    'Europe/Berlin',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'Asia/Kathmandu',
    'America/Havana',
  );
  const MINUTE = 60_000;
  const instants = fc.integer({ min: Date.parse('2010-01-01') / MINUTE, max: Date.parse('2030-01-01') / MINUTE });
  const longest: Readonly<Record<WindowLength, number>> = { PT1H: 3, P1D: 60, P1W: 200, P1M: 1_000 };

  it('covers any period without gaps, so that the parts of an integral add up to the whole', () => {
    fc.assert(
      fc.property(
        instants,
        fc.integer({ min: 1, max: 24 * 60 }),
        fc.constantFrom(...WINDOW_LENGTHS),
        zones,
        (start, minutes, length, timeZone) => {
          const from = start * MINUTE;
          const range = { from, until: from + minutes * MINUTE * longest[length] };
          const windows = [...windowsOf(range, length, timeZone)];
          expect(windows[0]!.from).toBe(range.from);
          expect(windows.at(-1)!.until).toBe(range.until);
          expect(windows.slice(1).map((window) => window.from)).toEqual(windows.slice(0, -1).map(({ until }) => until));
          const steps = [{ at: from + (range.until - from) / 2, units: 11 }];
          const parts = windows.map((window) => measure({ open: 3, steps }, window).unitMs);
          expect(parts.reduce((sum, each) => sum + each)).toBe(measure({ open: 3, steps }, range).unitMs);
        },
      ),
    );
  });

  it('cuts hours as it cuts each from its own start', () => {
    const hours = fc.integer({ min: 1, max: 200 });
    const isCutAlike = fc.property(instants, hours, zones, (start, count, timeZone) => {
      const range = { from: start * MINUTE, until: start * MINUTE + count * HOUR };
      const windows = [...windowsOf(range, 'PT1H', timeZone)];
      const alone = windows.map(({ from }) => windowsOf({ from, until: range.until }, 'PT1H', timeZone).next().value);
      expect(windows).toEqual(alone);
    });
    fc.assert(isCutAlike, { numRuns: 50 });
  });
});
