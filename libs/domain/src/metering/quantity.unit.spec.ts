import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { billingPeriod } from './billing-period.js';
import { amountOf, splitInProportion, toDecimal } from './quantity.js';
import { measure } from './usage.js';

const of = (numerator: bigint, denominator = 1n) => ({ numerator, denominator });

describe('a quantity', () => {
  it('is shown with six places, a half rounded to the even neighbor', () => {
    expect(toDecimal(of(12n))).toBe('12.000000');
    expect(toDecimal(of(2n, 3n))).toBe('0.666667');
    expect(toDecimal(of(1n, 2_000_000n))).toBe('0.000000');
    expect(toDecimal(of(3n, 2_000_000n))).toBe('0.000002');
    expect(toDecimal(of(-7n, 2n), 0)).toBe('-4');
  });

  // 80 numbers for the whole month and 20 more from the 16th: 743 hours in March, 745 in October.
  it.each([
    { month: 2, sixteenth: '2026-03-15T23:00:00Z', expected: '90.309556' },
    { month: 9, sixteenth: '2026-10-15T22:00:00Z', expected: '90.335570' },
  ])('is exact in a month with a change of the clock', ({ month, sixteenth, expected }) => {
    const terms = { interval: 'P1M', anchorMonth: '2026-01', anchorDay: 1, timeZone: 'Europe/Berlin' } as const;
    const period = billingPeriod(terms, month);
    const { unitMs } = measure({ open: 80, steps: [{ at: Date.parse(sixteenth), units: 100 }] }, period);
    expect(toDecimal(of(unitMs, BigInt(period.until - period.from)))).toBe(expected);
  });

  it('is exactly 1 for a unit that was held for the whole period', () => {
    const period = { from: 0, until: 743 * 3_600_000 };
    const { unitMs } = measure({ open: 1, steps: [] }, period);
    expect(toDecimal(of(unitMs, BigInt(period.until)))).toBe('1.000000');
  });
});

describe('an amount', () => {
  it('is rounded once to the minor unit, a half away from zero', () => {
    expect(amountOf('0.15', of(90n), 2)).toBe(1_350n);
    expect(amountOf('0.005', of(1n), 2)).toBe(1n);
    expect(amountOf('0.005', of(-1n), 2)).toBe(-1n);
    expect(amountOf('-0.015', of(1n), 2)).toBe(-2n);
    expect(amountOf('100', of(1n, 3n), 0)).toBe(33n);
  });

  it.each(['', '1,5', '1e3', '.5', '--1', ' 1', 'NaN'])('refuses the price %j', (price) => {
    expect(() => amountOf(price, of(1n), 2)).toThrow(new RangeError(`not a decimal number: ${JSON.stringify(price)}`));
  });
});

describe('parts', () => {
  it('go to the largest remainders, the earlier first', () => {
    expect(splitInProportion(100n, [1n, 1n, 1n])).toEqual([34n, 33n, 33n]);
    expect(splitInProportion(-100n, [1n, 1n, 1n])).toEqual([-34n, -33n, -33n]);
    expect(splitInProportion(10n, [6n, 3n, 6n])).toEqual([4n, 2n, 4n]);
    expect(splitInProportion(7n, [10n, 25n, 65n])).toEqual([1n, 2n, 4n]);
    expect(splitInProportion(7n, [65n, 25n, 10n])).toEqual([4n, 2n, 1n]);
    expect(splitInProportion(2n, [1n, 3n])).toEqual([1n, 1n]);
    expect(splitInProportion(2n, [3n, 1n])).toEqual([2n, 0n]);
    expect(splitInProportion(5n, [0n, 0n])).toEqual([3n, 2n]);
    expect(splitInProportion(0n, [1n, 2n])).toEqual([0n, 0n]);
    expect(() => splitInProportion(5n, [])).toThrow(new RangeError('nothing to split into'));
  });

  it('add up, and each is within one of its exact share', () => {
    const weights = fc.array(fc.bigInt({ min: 0n, max: 10n ** 12n }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n }), weights, (whole, some) => {
        const parts = splitInProportion(whole, some);
        expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(whole);
        const sum = some.reduce((total, weight) => total + weight, 0n);
        if (sum === 0n) return;
        parts.forEach((part, index) => {
          const off = part * sum - whole * some[index]!;
          expect(off < sum && off > -sum).toBe(true);
        });
      }),
    );
  });
});
