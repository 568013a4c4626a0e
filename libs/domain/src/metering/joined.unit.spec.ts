import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { joined } from './joined.js';
import { measure } from './usage.js';

const steps = fc
  .array(fc.record({ at: fc.integer({ min: 0, max: 100 }), units: fc.nat(9) }), { maxLength: 20 })
  .map((some) => some.sort((a, b) => a.at - b.at));

describe('joined measures', () => {
  it('have the first instant of the highest peak, the lowest low and the sum of both integrals', () => {
    const first = { open: 3, close: 5, peak: 8, peakAt: 10, low: 2, unitMs: 400n };
    const second = { open: 5, close: 4, peak: 8, peakAt: 60, low: 1, unitMs: 300n };
    const whole = { open: 3, close: 4, peak: 8, peakAt: 10, low: 1, unitMs: 700n };
    expect(joined(first, second)).toEqual(whole);
    expect(joined(first, { ...second, peak: 9 })).toEqual({ ...whole, peak: 9, peakAt: 60 });
    expect(joined({ ...first, low: 0 }, { ...second, peak: 7 })).toEqual({ ...whole, low: 0 });
  });

  it('are those of the whole period, wherever it is cut', () => {
    fc.assert(
      fc.property(fc.nat(9), steps, fc.integer({ min: 1, max: 99 }), (open, some, cut) => {
        const curve = { open, steps: some };
        const [first, second] = [measure(curve, { from: 0, until: cut }), measure(curve, { from: cut, until: 100 })];
        // The value that a step at the cut replaces is the last one before it.
        expect(joined(first, second)).toEqual(measure(curve, { from: 0, until: 100 }));
      }),
      { numRuns: 1_000 },
    );
  });
});
