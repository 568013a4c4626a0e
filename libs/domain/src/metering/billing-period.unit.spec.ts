import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { modelRuns } from '../model-runs.fixture.js';
import { BILLING_INTERVALS, billingPeriod, billingPeriodAt, termsFrom, type BillingTerms } from './billing-period.js';

/** From 2000 to 2040. */
const YEARS = 41;
/** Another one for each zone; all of them in the nightly runs, which takes half a minute. */
const YEARS_OF_ZONE = Math.min(YEARS, Math.floor(modelRuns(25).numRuns / 24));
const terms: BillingTerms = { interval: 'P1M', anchorMonth: '2026-01', anchorDay: 31, timeZone: 'UTC' };
const startOf = (of: BillingTerms, index: number) => new Date(billingPeriod(of, index).from).toISOString();

const faultsOfYear = (monthly: BillingTerms, year: number): readonly object[] => {
  const periods = Array.from({ length: 13 }, (_, month) => billingPeriod(monthly, 12 * year + month));
  return periods.filter(({ from, until }, index) => from >= until || (index > 0 && periods[index - 1]!.until !== from));
};

describe('billing periods', () => {
  it('start on the anchor day again after a shorter month', () => {
    expect([0, 1, 2, 3].map((index) => startOf(terms, index))).toEqual([
      '2026-01-31T00:00:00.000Z',
      '2026-02-28T00:00:00.000Z',
      '2026-03-31T00:00:00.000Z',
      '2026-04-30T00:00:00.000Z',
    ]);
  });

  it('start at the first instant of the day in the zone', () => {
    const berlin = { ...terms, anchorDay: 1, timeZone: 'Europe/Berlin' };
    const hours = ({ from, until }: { from: number; until: number }) => (until - from) / 3_600_000;
    expect(startOf(berlin, 6)).toBe('2026-06-30T22:00:00.000Z');
    expect(hours(billingPeriod(berlin, 2))).toBe(743);
    expect(hours(billingPeriod(berlin, 9))).toBe(745);
  });

  it('count quarters and years from the anchor', () => {
    expect(startOf({ ...terms, interval: 'P3M' }, 1)).toBe('2026-04-30T00:00:00.000Z');
    const leapDay: BillingTerms = { ...terms, interval: 'P1Y', anchorMonth: '2024-02', anchorDay: 29 };
    expect([0, 1, 4].map((index) => startOf(leapDay, index).slice(0, 10))).toEqual([
      '2024-02-29',
      '2025-02-28',
      '2028-02-29',
    ]);
  });

  it('contain the instants from their first on, before the anchor as well', () => {
    const indexAt = (iso: string) => billingPeriodAt(terms, Date.parse(iso));
    expect([
      indexAt('2026-02-28T00:00:00.000Z'),
      indexAt('2026-02-27T23:59:59.999Z'),
      indexAt('2026-01-30T23:59:59.999Z'),
      indexAt('2025-12-30T23:59:59.999Z'),
    ]).toEqual([1, 0, -1, -2]);
  });

  it('adjoin and are never empty, in every zone and month from 2000 to 2040', () => {
    const faults = Intl.supportedValuesOf('timeZone').flatMap((timeZone, place) => {
      const monthly: BillingTerms = { interval: 'P1M', anchorMonth: '2000-01', anchorDay: (place % 31) + 1, timeZone };
      return Array.from({ length: YEARS_OF_ZONE }, (_, year) => faultsOfYear(monthly, (place + year) % YEARS)).flat();
    });
    expect(faults).toEqual([]);
  });

  it('contain exactly their instants, in every zone from 2000 to 2040', () => {
    fc.assert(
      fc.property(
        fc.record({
          interval: fc.constantFrom(...BILLING_INTERVALS),
          anchorMonth: fc.constantFrom('1999-11', '2012-02', '2026-01'),
          anchorDay: fc.integer({ min: 1, max: 31 }),
          timeZone: fc.constantFrom(...Intl.supportedValuesOf('timeZone')),
        }),
        fc.integer({ min: Date.parse('2000-01-01'), max: Date.parse('2040-01-01') }),
        (some, instant) => {
          const index = billingPeriodAt(some, instant);
          const { from, until } = billingPeriod(some, index);
          expect(from <= instant && instant < until).toBe(true);
          expect(billingPeriodAt(some, from)).toBe(index);
          expect(billingPeriodAt(some, until - 1)).toBe(index);
          expect(billingPeriod(some, index + 1).from).toBe(until);
          const { interval, anchorDay, timeZone } = some;
          expect(billingPeriodAt(termsFrom({ interval, anchorDay, timeZone }, instant), instant)).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });
});
