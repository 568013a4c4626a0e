import type { Instant } from '../decision.js';
import { measure, overage, type Curve, type Period } from '../metering/usage.js';
import type { Limit } from '../words.js';

/** The totals of one resource in one period, by which two computations are compared. Integrals are unit-milliseconds. */
export interface ControlTotals {
  readonly open: number;
  readonly close: number;
  readonly peak: number;
  readonly peakAt: Instant;
  readonly unitMs: bigint;
  /** The integral of the capacity while it was finite (L5, not that of a postpaid project). */
  readonly entitledMs: bigint;
  /** Milliseconds during which the capacity was unlimited. */
  readonly unlimitedMs: bigint;
  /** The integral of the use above the capacity while it was finite. */
  readonly overageMs: bigint;
}

/** @throws RangeError if the period is empty */
export function controlTotals(usage: Curve, capacity: Curve<Limit>, period: Period): ControlTotals {
  const { open, close, peak, peakAt, unitMs } = measure(usage, period);
  const overageMs = overage(usage, capacity, period);
  return { open, close, peak, peakAt, unitMs, ...entitlement(capacity, period), overageMs };
}

/** The integral of what was finite, and for how long it was unlimited. */
export function entitlement(capacity: Curve<Limit>, period: Period): Pick<ControlTotals, 'entitledMs' | 'unlimitedMs'> {
  const integralOf = (count: (units: Limit) => number): bigint => measure(mapped(capacity, count), period).unitMs;
  return {
    entitledMs: integralOf((units) => units ?? 0),
    unlimitedMs: integralOf((units) => (units === null ? 1 : 0)),
  };
}

const mapped = ({ open, steps }: Curve<Limit>, count: (units: Limit) => number): Curve => ({
  open: count(open),
  steps: steps.map(({ at, units }) => ({ at, units: count(units) })),
});

/** The totals that are not the same. */
export const differingTotals = (ours: ControlTotals, control: ControlTotals): (keyof ControlTotals)[] =>
  (Object.keys(ours) as (keyof ControlTotals)[]).filter((total) => ours[total] !== control[total]);
