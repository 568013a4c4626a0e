import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { measure, overage, sustained, unitsAt, type Curve, type Period } from './usage.js';

const HOUR = 3_600_000;
const day = { from: 0, until: 24 * HOUR };

describe('measures of a period', () => {
  it('counts the value carried in as the peak when use only falls', () => {
    const usage = { open: 80, steps: [{ at: 6 * HOUR, units: 20 }] };
    expect(measure(usage, day)).toEqual({
      open: 80,
      close: 20,
      peak: 80,
      peakAt: 0,
      low: 20,
      unitMs: BigInt(80 * 6 * HOUR + 20 * 18 * HOUR),
    });
  });

  it('counts the last of several changes at one instant', () => {
    const steps = [
      { at: HOUR, units: 500 },
      { at: HOUR, units: 7 },
    ];
    expect(measure({ open: 5, steps }, day)).toMatchObject({ open: 5, close: 7, peak: 7, peakAt: HOUR, low: 5 });
  });

  it('takes a change at the start as the opening value and ignores one at the end', () => {
    const steps = [
      { at: 0, units: 3 },
      { at: 24 * HOUR, units: 9 },
    ];
    expect(measure({ open: 0, steps }, day)).toEqual({
      open: 3,
      close: 3,
      peak: 3,
      peakAt: 0,
      low: 3,
      unitMs: BigInt(3 * 24 * HOUR),
    });
  });

  it('stays exact beyond the integers of a double', () => {
    const year = { from: 0, until: 365 * 24 * HOUR };
    expect(measure({ open: 1_000_000_007, steps: [] }, year).unitMs).toBe(1_000_000_007n * 31_536_000_000n);
  });

  it('refuses an empty period', () => {
    expect(() => measure({ open: 1, steps: [] }, { from: 5, until: 5 })).toThrow(
      new RangeError('an empty period: 5 to 5'),
    );
    expect(() => overage({ open: 1, steps: [] }, { open: 1, steps: [] }, { from: 5, until: 4 })).toThrow(RangeError);
  });
});

describe('overage', () => {
  it('counts only what exceeds the commitment of the moment', () => {
    const usage = { open: 10, steps: [{ at: 4 * HOUR, units: 30 }] };
    const committed = {
      open: 12,
      steps: [
        { at: 6 * HOUR, units: 25 },
        { at: 20 * HOUR, units: null },
      ],
    };
    expect(overage(usage, committed, day)).toBe(BigInt(18 * 2 * HOUR + 5 * 14 * HOUR));
  });
});

describe('sustained use', () => {
  const usage = {
    open: 10,
    steps: [
      { at: 1 * HOUR, units: 50 },
      { at: 2 * HOUR, units: 40 },
      { at: 5 * HOUR, units: 10 },
    ],
  };

  it('is the most that lasted long enough, however it varied above that', () => {
    expect(sustained(usage, day, HOUR)).toBe(50);
    expect(sustained(usage, day, HOUR + 1)).toBe(40);
    expect(sustained(usage, day, 4 * HOUR)).toBe(40);
    expect(sustained(usage, day, 4 * HOUR + 1)).toBe(10);
  });

  it('goes on through changes to as many units again', () => {
    const steps = [2, 4, 6].map((hours, index) => ({ at: hours * HOUR, units: index === 1 ? 30 : 20 }));
    expect(sustained({ open: 20, steps }, day, 24 * HOUR)).toBe(20);
    expect(sustained({ open: 20, steps }, day, 2 * HOUR)).toBe(30);
  });

  it('has no value in a period that is shorter', () => {
    expect(sustained(usage, { from: 0, until: HOUR - 1 }, HOUR)).toBeNull();
  });
});

const LENGTH = 40;
const curves = fc
  .record({
    open: fc.nat({ max: 6 }),
    steps: fc.array(fc.record({ at: fc.integer({ min: -5, max: LENGTH + 5 }), units: fc.nat({ max: 6 }) })),
  })
  .map(({ open, steps }): Curve => ({ open, steps: steps.sort((a, b) => a.at - b.at) }));
const periods = fc
  .tuple(fc.integer({ min: 0, max: LENGTH }), fc.integer({ min: 1, max: 20 }))
  .map(([from, length]): Period => ({ from, until: from + length }));

/** The units at every millisecond of a period. */
const everyInstant = ({ open, steps }: Curve, { from, until }: Period): number[] =>
  Array.from({ length: until - from }, (_, index) => steps.findLast(({ at }) => at <= from + index)?.units ?? open);

describe('random use', () => {
  it('is measured as by looking at every instant', () => {
    fc.assert(
      fc.property(curves, periods, (usage, period) => {
        const units = everyInstant(usage, period);
        const peak = Math.max(...units);
        expect(measure(usage, period)).toEqual({
          open: units[0],
          close: units.at(-1),
          peak,
          peakAt: period.from + units.indexOf(peak),
          low: Math.min(...units),
          unitMs: BigInt(units.reduce((sum, each) => sum + each, 0)),
        });
        expect(units.map((_, index) => unitsAt(usage, period.from + index))).toEqual(units);
      }),
    );
  });

  it('exceeds a commitment as at every instant', () => {
    fc.assert(
      fc.property(curves, curves, periods, (usage, committed, period) => {
        const limits = everyInstant(committed, period);
        const above = everyInstant(usage, period).map((units, index) => Math.max(0, units - limits[index]!));
        expect(overage(usage, committed, period)).toBe(BigInt(above.reduce((sum, each) => sum + each, 0)));
      }),
    );
  });

  it('sustains the best of all stretches of the length', () => {
    fc.assert(
      fc.property(curves, periods, fc.integer({ min: 1, max: 20 }), (usage, period, length) => {
        const units = everyInstant(usage, period);
        const stretches = units.slice(0, Math.max(0, units.length - length + 1));
        const lows = stretches.map((_, index) => Math.min(...units.slice(index, index + length)));
        expect(sustained(usage, period, length)).toBe(lows.length === 0 ? null : Math.max(...lows));
      }),
    );
  });
});
