import type { Instant } from '../decision.js';
import { measure, overage, sustained, type Curve, type Period } from '../metering/usage.js';
import { windowsOf } from '../metering/windows.js';
import type { Limit } from '../words.js';
import { entitlement } from './control-totals.js';
import type { Basis } from './terms.js';

/** A quantity as the quotient `unitMilliseconds / periodMilliseconds`; `null`: unlimited, so there is none. */
export interface Measured {
  readonly unitMilliseconds: bigint | null;
  readonly periodMilliseconds: bigint | null;
  /** Of a peak: the first instant at which it was reached. */
  readonly peakAt: Instant | null;
}

/** The input of a measure. */
export interface MeasuredUse {
  readonly usage: Curve;
  /** The licenses that are paid for. */
  readonly entitled: Curve<Limit>;
  readonly period: Period;
  /** The time zone of the calendar days. */
  readonly timeZone: string;
}

type Measure = (use: MeasuredUse, sustainedMilliseconds: number) => Measured;

const DAY_MS = 86_400_000n;

const lengthOf = ({ from, until }: Period): bigint => BigInt(until - from);

const over = (period: Period, unitMilliseconds: bigint, peakAt: Instant | null = null): Measured => ({
  unitMilliseconds,
  periodMilliseconds: lengthOf(period),
  peakAt,
});

/** This many units for all of a period. */
export const throughout = (period: Period, units: number, peakAt: Instant | null = null): Measured =>
  over(period, BigInt(units) * lengthOf(period), peakAt);

/** Every day counts alike, whatever its length. */
function dailyPeak({ usage, period, timeZone }: MeasuredUse): Measured {
  const days = [...windowsOf(period, 'P1D', timeZone)];
  const peaks = days.reduce((sum, day) => sum + measure(usage, day).peak, 0);
  return {
    unitMilliseconds: BigInt(peaks) * DAY_MS,
    periodMilliseconds: BigInt(days.length) * DAY_MS,
    peakAt: null,
  };
}

function peak({ usage, period }: MeasuredUse): Measured {
  const { peak: units, peakAt } = measure(usage, period);
  return throughout(period, units, peakAt);
}

/** A period that is shorter than the length counts as a whole. */
function sustainedUse({ usage, period }: MeasuredUse, milliseconds: number): Measured {
  const length = Math.min(milliseconds, period.until - period.from);
  return throughout(period, sustained(usage, period, length) ?? 0);
}

function entitledUnits({ entitled, period }: MeasuredUse): Measured {
  const { entitledMs, unlimitedMs } = entitlement(entitled, period);
  if (unlimitedMs === lengthOf(period)) return { unitMilliseconds: null, periodMilliseconds: null, peakAt: null };
  return over(period, entitledMs);
}

const MEASURES: Readonly<Record<Exclude<Basis, 'committed_plus_overage'>, Measure>> = {
  peak,
  sustained: sustainedUse,
  time_weighted: ({ usage, period }) => over(period, measure(usage, period).unitMs),
  daily_peak: dailyPeak,
  close: ({ usage, period }) => throughout(period, measure(usage, period).close),
  entitled: entitledUnits,
};

/**
 * The quantity of a basis. A commitment has two: `throughout` its units, and `overageOf`.
 *
 * @throws RangeError if the period is empty
 */
export const measured = (
  basis: Exclude<Basis, 'committed_plus_overage'>,
  use: MeasuredUse,
  sustainedMilliseconds: number,
): Measured => MEASURES[basis](use, sustainedMilliseconds);

/** What was used above a commitment, by time. */
export const overageOf = ({ usage, period }: MeasuredUse, committed: number): Measured =>
  over(period, overage(usage, { open: committed, steps: [] }, period));

/** By how much the peak of a period exceeded a commitment. */
export function excessOf({ usage, period }: MeasuredUse, committed: number): Measured {
  const { peak: units, peakAt } = measure(usage, period);
  return throughout(period, Math.max(0, units - committed), units > committed ? peakAt : null);
}
