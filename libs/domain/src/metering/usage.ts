import type { Instant } from '../decision.js';

/** From `from` on, up to but not including `until`. */
export interface Period {
  readonly from: Instant;
  readonly until: Instant;
}

/** The units from `at` on, until the next step. */
export interface Step<Units = number> {
  readonly at: Instant;
  readonly units: Units;
}

/**
 * Units over time. The steps ascend; of several at one instant the last counts (U5), since the others existed for no
 * time. Before the first step there were `open` units.
 */
export interface Curve<Units = number> {
  readonly open: Units;
  readonly steps: readonly Step<Units>[];
}

export interface Measures {
  /** Units at the start of the period, and just before its end. */
  readonly open: number;
  readonly close: number;
  /** The most units at any instant, the carried-in value included, and the first instant with that many. */
  readonly peak: number;
  readonly peakAt: Instant;
  readonly low: number;
  /** The integral over the period, in unit-milliseconds. */
  readonly unitMs: bigint;
}

/** A stretch of constant units, cut to the period; never empty. */
interface Stretch<Units> extends Period {
  readonly units: Units;
}

/** @throws RangeError if the period is empty */
export function measure(usage: Curve, period: Period): Measures {
  const stretches = stretchesOf(usage, period);
  const first = stretches[0]!;
  const measures = { peak: first.units, peakAt: first.from, low: first.units, unitMs: 0n };
  for (const { from, until, units } of stretches) {
    if (units > measures.peak) {
      measures.peak = units;
      measures.peakAt = from;
    }
    measures.low = Math.min(measures.low, units);
    measures.unitMs += BigInt(units) * BigInt(until - from);
  }
  return { open: first.units, close: stretches.at(-1)!.units, ...measures };
}

/**
 * The integral of the units above what was committed, in unit-milliseconds. `null`: unlimited, so nothing is above it.
 *
 * @throws RangeError if the period is empty
 */
export function overage(usage: Curve, committed: Curve<number | null>, period: Period): bigint {
  let sum = 0n;
  for (const { from, until, units: limit } of stretchesOf(committed, period)) {
    if (limit === null) continue;
    for (const stretch of stretchesOf(usage, { from, until }))
      if (stretch.units > limit) sum += BigInt(stretch.units - limit) * BigInt(stretch.until - stretch.from);
  }
  return sum;
}

/**
 * The most units that were in use without interruption for at least this long; `null` if the period is shorter.
 *
 * @param lengthMs in milliseconds, greater than 0
 * @throws RangeError if the period is empty
 */
export function sustained(usage: Curve, period: Period, lengthMs: number): number | null {
  if (period.until - period.from < lengthMs) return null;
  let most = 0;
  // Ascending units, each with the instant since when there have been at least that many.
  const open: { units: number; since: Instant }[] = [];
  const closeFrom = (units: number, at: Instant): Instant => {
    let since = at;
    while (open.length > 0 && open.at(-1)!.units >= units) {
      const ended = open.pop()!;
      since = ended.since;
      if (at - since >= lengthMs) most = Math.max(most, ended.units);
    }
    return since;
  };
  for (const { from, units } of stretchesOf(usage, period)) open.push({ units, since: closeFrom(units, from) });
  closeFrom(0, period.until);
  return most;
}

/** The value of a curve at an instant. */
export const unitsAt = <Units>(curve: Curve<Units>, at: Instant): Units =>
  unitsAfter(curve, stepsUpTo(curve.steps, at));

/** The value of a curve after this many of its steps. */
const unitsAfter = <Units>({ open, steps }: Curve<Units>, count: number): Units =>
  count === 0 ? open : steps[count - 1]!.units;

function stretchesOf<Units>(curve: Curve<Units>, { from, until }: Period): Stretch<Units>[] {
  if (from >= until) throw new RangeError(`an empty period: ${from} to ${until}`);
  const stretches: Stretch<Units>[] = [];
  const first = stepsUpTo(curve.steps, from);
  let [since, units] = [from, unitsAfter(curve, first)];
  for (let index = first; index < curve.steps.length; index++) {
    const step = curve.steps[index]!;
    if (step.at >= until) break;
    if (step.at > since) stretches.push({ from: since, until: step.at, units });
    [since, units] = [step.at, step.units];
  }
  stretches.push({ from: since, until, units });
  return stretches;
}

/** How many of the steps took place at or before an instant. */
function stepsUpTo(steps: readonly Step<unknown>[], at: Instant): number {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle]!.at <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}
