import { describe, expect, it } from '@jest/globals';
import { sumOfCurves, sumOfSpans, within } from './curves.js';

describe('the sum of spans', () => {
  it('has one step at each instant at which it changes', () => {
    const spans = [
      { from: 10, until: 30, units: 5 },
      { from: 10, until: 20, units: 2 },
      { from: 20, until: null, units: 1 },
      { from: 15, until: 15, units: 100 },
      { from: 18, until: 12, units: 100 },
    ];
    expect(sumOfSpans(spans)).toEqual({
      open: 0,
      steps: [
        { at: 10, units: 7 },
        { at: 20, units: 6 },
        { at: 30, units: 1 },
      ],
    });
  });

  it('is unlimited while one of them is', () => {
    const spans = [
      { from: 10, until: 40, units: 5 },
      { from: 20, until: 30, units: null },
    ];
    expect(sumOfSpans(spans).steps).toEqual([
      { at: 10, units: 5 },
      { at: 20, units: null },
      { at: 30, units: 5 },
      { at: 40, units: 0 },
    ]);
  });
});

describe('the sum of curves', () => {
  it('has one step at each instant at which one of them has', () => {
    const one = {
      open: 3,
      steps: [
        { at: 10, units: 5 },
        { at: 30, units: 1 },
      ],
    };
    const other = {
      open: 2,
      steps: [
        { at: 10, units: 0 },
        { at: 20, units: 4 },
      ],
    };
    expect(sumOfCurves([one, other])).toEqual({
      open: 5,
      steps: [
        { at: 10, units: 5 },
        { at: 20, units: 9 },
        { at: 30, units: 5 },
      ],
    });
  });
});

describe('a curve within periods', () => {
  it('has its value at the beginning of each, its steps inside, and nothing between them', () => {
    const curve = { open: 1, steps: [10, 20, 30, 40, 50].map((at) => ({ at, units: at })) };
    const periods = [
      { from: 20, until: 40 },
      { from: 45, until: 60 },
    ];
    expect(within(curve, periods)).toEqual({
      open: 0,
      steps: [
        { at: 20, units: 20 },
        { at: 30, units: 30 },
        { at: 40, units: 0 },
        { at: 45, units: 40 },
        { at: 50, units: 50 },
        { at: 60, units: 0 },
      ],
    });
  });
});
