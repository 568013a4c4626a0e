import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toDecimal } from '../metering/quantity.js';
import { windowsOf } from '../metering/windows.js';
import type { Curve, Period } from '../metering/usage.js';
import type { Limit } from '../words.js';
import { controlTotals, differingTotals } from './control-totals.js';
import { sumOfCurves, sumOfSpans, within } from './curves.js';
import { excessOf, measured, overageOf, throughout, type Measured } from './measures.js';

const HOUR = 3_600_000;
const NOTHING: Curve<Limit> = { open: 0, steps: [] };
const quantityOf = ({ unitMilliseconds, periodMilliseconds }: Measured): string | null =>
  unitMilliseconds === null || periodMilliseconds === null
    ? null
    : toDecimal({ numerator: unitMilliseconds, denominator: periodMilliseconds });

const march: Period = { from: Date.parse('2026-03-01T00:00+01:00'), until: Date.parse('2026-04-01T00:00+02:00') };
const october: Period = { from: Date.parse('2026-10-01T00:00+02:00'), until: Date.parse('2026-11-01T00:00+01:00') };
const of = (usage: Curve, period: Period, entitled = NOTHING) => ({
  usage,
  entitled,
  period,
  timeZone: 'Europe/Berlin',
});

describe('the quantity of a basis', () => {
  // 80 numbers for the whole month and 20 more from the 16th: 743 hours in March, 745 in October.
  const inMarch = of({ open: 80, steps: [{ at: Date.parse('2026-03-16T00:00+01:00'), units: 100 }] }, march);
  const inOctober = of({ open: 80, steps: [{ at: Date.parse('2026-10-16T00:00+02:00'), units: 100 }] }, october);

  it('is exact by time in months of 743 and 745 hours', () => {
    expect(quantityOf(measured('time_weighted', inMarch, 0))).toBe('90.309556');
    expect(quantityOf(measured('time_weighted', inOctober, 0))).toBe('90.335570');
  });

  it('is the peak with its first instant, the units at the end, and what was sustained', () => {
    expect(quantityOf(measured('peak', inMarch, 0))).toBe('100.000000');
    expect(measured('peak', inMarch, 0).peakAt).toBe(Date.parse('2026-03-16T00:00+01:00'));
    expect(quantityOf(measured('close', inMarch, 0))).toBe('100.000000');
    expect(quantityOf(measured('sustained', inMarch, 14 * 24 * HOUR))).toBe('100.000000');
    expect(quantityOf(measured('sustained', inMarch, 17 * 24 * HOUR))).toBe('80.000000');
    expect(quantityOf(measured('sustained', inMarch, 400 * 24 * HOUR))).toBe('80.000000');
  });

  it('counts days alike, whatever their length', () => {
    expect(quantityOf(measured('daily_peak', inMarch, 0))).toBe(toDecimal({ numerator: 2_800n, denominator: 31n }));
  });

  it('is what is entitled, and nothing while all of it is unlimited', () => {
    const license = (units: Limit) => sumOfSpans([{ from: march.from, until: null, units }]);
    expect(quantityOf(measured('entitled', of(NOTHING as Curve, march, license(120)), 0))).toBe('120.000000');
    expect(quantityOf(measured('entitled', of(NOTHING as Curve, march, license(null)), 0))).toBeNull();
  });

  it('is a commitment, and what exceeds it by time or by its peak', () => {
    expect(quantityOf(throughout(march, 90))).toBe('90.000000');
    expect(quantityOf(overageOf(inMarch, 90))).toBe(toDecimal({ numerator: 3_830n, denominator: 743n }));
    const peakAt = Date.parse('2026-03-16T00:00+01:00');
    expect(excessOf(inMarch, 90)).toEqual({ ...throughout(march, 10), peakAt });
    expect(excessOf(inMarch, 100)).toEqual({ ...throughout(march, 0), peakAt: null });
  });
});

describe('control totals', () => {
  it('measure use, what was entitled and unlimited, and the use above it', () => {
    const usage = { open: 4, steps: [{ at: 10, units: 7 }] };
    const licenses = [
      { from: 0, until: 20, units: 5 },
      { from: 20, until: null, units: null },
    ];
    const totals = controlTotals(usage, sumOfSpans(licenses), { from: 0, until: 30 });
    expect(totals).toEqual({
      open: 4,
      close: 7,
      peak: 7,
      peakAt: 10,
      unitMs: 180n,
      entitledMs: 100n,
      unlimitedMs: 10n,
      overageMs: 20n,
    });
    expect(differingTotals(totals, { ...totals, peak: 8, unitMs: 181n })).toEqual(['peak', 'unitMs']);
    expect(differingTotals(totals, { ...totals })).toEqual([]);
  });
});

const LENGTH = 30;
const curves = fc
  .record({
    open: fc.nat(6),
    steps: fc.array(fc.record({ at: fc.nat(LENGTH), units: fc.nat(6) }), { maxLength: 12 }),
  })
  .map(({ open, steps }): Curve => ({ open, steps: steps.sort((a, b) => a.at - b.at) }));
const spans = fc.array(
  fc.record({
    from: fc.integer({ min: -5, max: LENGTH }),
    until: fc.option(fc.integer({ min: -5, max: LENGTH + 5 })),
    units: fc.option(fc.nat(9)),
  }),
  { maxLength: 6 },
);
const instants = Array.from({ length: LENGTH }, (_, at) => at);
const whole: Period = { from: 0, until: LENGTH };
const at = <Units>({ open, steps }: Curve<Units>, instant: number): Units =>
  steps.findLast((step) => step.at <= instant)?.units ?? open;

describe('random use and licenses', () => {
  it('have the totals that looking at every instant gives', () => {
    fc.assert(
      fc.property(curves, spans, (usage, licenses) => {
        const units = instants.map((instant) => at(usage, instant));
        const capacity = instants.map((instant): Limit => {
          const inForce = licenses.filter(({ from, until }) => from <= instant && (until === null || instant < until));
          return inForce.some((one) => one.units === null)
            ? null
            : inForce.reduce((sum, one) => sum + (one.units ?? 0), 0);
        });
        const totals = controlTotals(usage, sumOfSpans(licenses), whole);
        const peak = Math.max(...units);
        expect(totals).toEqual({
          open: units[0],
          close: units.at(-1),
          peak,
          peakAt: units.indexOf(peak),
          unitMs: BigInt(units.reduce((sum, each) => sum + each, 0)),
          entitledMs: BigInt(capacity.reduce<number>((sum, each) => sum + (each ?? 0), 0)),
          unlimitedMs: BigInt(capacity.filter((each) => each === null).length),
          overageMs: BigInt(
            units.reduce((sum, each, index) => sum + Math.max(0, each - (capacity[index] ?? Infinity)), 0),
          ),
        });
        expect(differingTotals(totals, totals)).toEqual([]);
        expect(differingTotals({ ...totals, unitMs: totals.unitMs + 1n }, totals)).toEqual(['unitMs']);
      }),
    );
  });

  it('add up at every instant, and count within periods only', () => {
    fc.assert(
      fc.property(
        fc.array(curves, { maxLength: 4 }),
        fc.nat(15),
        fc.integer({ min: 1, max: 14 }),
        (some, from, length) => {
          const sum = sumOfCurves(some);
          const part = within(sum, [{ from, until: from + length }]);
          for (const instant of instants) {
            const expected = some.reduce((total, curve) => total + at(curve, instant), 0);
            expect(at(sum, instant)).toBe(expected);
            expect(at(part, instant)).toBe(from <= instant && instant < from + length ? expected : 0);
          }
        },
      ),
    );
  });

  it('have the daily peaks that their days have', () => {
    fc.assert(
      fc.property(curves, fc.constantFrom('Europe/Berlin', 'Australia/Lord_Howe', 'UTC'), (usage, timeZone) => {
        const hourly = { open: usage.open, steps: usage.steps.map((step) => ({ ...step, at: step.at * 5 * HOUR })) };
        const period = { from: 0, until: LENGTH * 5 * HOUR };
        const days = [...windowsOf(period, 'P1D', timeZone)];
        const peaks = days.map(({ from, until }) =>
          Math.max(
            at(hourly, from),
            ...hourly.steps
              .filter((step) => from < step.at && step.at < until && at(hourly, step.at) === step.units)
              .map(({ units }) => units),
          ),
        );
        const { unitMilliseconds } = measured('daily_peak', { usage: hourly, entitled: NOTHING, period, timeZone }, 0);
        expect(unitMilliseconds).toBe(BigInt(peaks.reduce((sum, peak) => sum + peak, 0)) * 86_400_000n);
      }),
    );
  });
});
