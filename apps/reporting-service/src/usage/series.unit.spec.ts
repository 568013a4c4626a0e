import { describe, expect, it } from '@jest/globals';
import {
  addDays,
  dateAt,
  measure,
  startOfDay,
  WINDOW_LENGTHS,
  windowsOf,
  type Curve,
  type Period,
} from '@allotree/domain';
import fc from 'fast-check';
import { partsOf, UseReader, type MeasuredDay, type RecordedUse } from './series.js';

const HOUR = 3_600_000;
/** Clocks change by half an hour; a whole day is left out at the end of 2011; a quarter of an hour beside the hour. */
const ZONES = ['Australia/Lord_Howe', 'Pacific/Apia', 'Asia/Kathmandu', 'Europe/Berlin', 'UTC'];
const START = Date.parse('2011-12-27T00:00:00Z');

const curves: fc.Arbitrary<Curve> = fc.record({
  open: fc.nat(5),
  steps: fc
    .array(fc.record({ at: fc.nat(20 * 24 * 4).map((n) => START + (n * HOUR) / 4), units: fc.nat(9) }), {
      maxLength: 40,
    })
    .map((steps) => [...new Map(steps.sort((a, b) => a.at - b.at).map((step) => [step.at, step])).values()]),
});
const periods: fc.Arbitrary<Period> = fc
  .record({ from: fc.nat(10 * 24 * 60), length: fc.integer({ min: 1, max: 12 * 24 * 60 }) })
  .map(({ from, length }) => ({ from: START + from * 60_000, until: START + (from + length) * 60_000 }));

/** The rows of a curve in some periods: days with a change, and the steps outside whole days. */
function recorded(curve: Curve, windows: readonly Period[], zone: string): RecordedUse {
  const dates = [...new Set(curve.steps.map(({ at }) => dateAt(at, zone)))].sort();
  const all = dates.map((day): MeasuredDay => {
    const until = startOfDay(addDays(day, 1), zone);
    return { day, ...measure(curve, { from: startOfDay(day, zone), until }) };
  });
  const parts = windows.map((window) => partsOf(window, zone));
  const isIn = (at: number) =>
    parts.some(({ before, after }) => [before, after].some((p) => p.from <= at && at < p.until));
  return {
    open: curve.steps.findLast(({ at }) => at < windows[0]!.from)?.units ?? curve.open,
    days: all.filter(({ day }) => parts.some(({ days }) => days && days.from <= day && day < days.until)),
    steps: curve.steps.filter(({ at }) => isIn(at)),
  };
}

describe('the measures of windows', () => {
  it('are the same from days and edges as from all steps, in every zone', () => {
    fc.assert(
      fc.property(
        curves,
        periods,
        fc.constantFrom(...WINDOW_LENGTHS),
        fc.constantFrom(...ZONES),
        fc.constantFrom(...ZONES),
        (curve, period, length, zone, projectZone) => {
          const windows = [...windowsOf(period, length, zone)];
          const reader = new UseReader(recorded(curve, windows, projectZone), projectZone);
          const measures = windows.map((window) => reader.measure(partsOf(window, projectZone)));
          expect(measures).toEqual(windows.map((window) => measure(curve, window)));
          const sum = measures.reduce((total, { unitMs }) => total + unitMs, 0n);
          expect(sum).toBe(measure(curve, period).unitMs);
        },
      ),
      { numRuns: 300 },
    );
  });
});
