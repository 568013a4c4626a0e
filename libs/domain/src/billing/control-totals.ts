import type { ResourceTotals } from '../metering/resource-totals.js';
import { measure, overage, type Curve, type Period } from '../metering/usage.js';
import type { Limit } from '../words.js';

/** The totals by which two computations are compared. @throws RangeError if the period is empty */
export function controlTotals(usage: Curve, capacity: Curve<Limit>, period: Period): ResourceTotals {
  const { open, close, peak, peakAt, unitMs } = measure(usage, period);
  const overageMs = overage(usage, capacity, period);
  return { open, close, peak, peakAt, unitMs, ...entitlement(capacity, period), overageMs };
}

/** The integral of what was finite, and for how long it was unlimited. */
export function entitlement(
  capacity: Curve<Limit>,
  period: Period,
): Pick<ResourceTotals, 'entitledMs' | 'unlimitedMs'> {
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
export const differingTotals = (ours: ResourceTotals, control: ResourceTotals): (keyof ResourceTotals)[] =>
  (Object.keys(ours) as (keyof ResourceTotals)[]).filter((total) => ours[total] !== control[total]);
