import { median, quantile } from 'd3-array';

/** One measured value of a process. */
export interface Reading {
  /** Seconds since the beginning of the run. */
  readonly at: number;
  readonly value: number;
}

/** How much growth is a leak. */
export interface Tolerance {
  /** Growth over the steady part that is never a leak, in the unit of the readings. */
  readonly growth: number;
  /** The same as a part of the value at the beginning of the steady part. */
  readonly share: number;
}

/** The trend of a process after its warm-up. */
export interface Trend {
  readonly from: number;
  readonly until: number;
  /** In the unit of the readings, per hour. */
  readonly perHour: number;
  /** Over the steady part. */
  readonly growth: number;
  readonly isLeak: boolean;
}

/** Of the life of a process, at the beginning: caches fill, code is compiled. */
const WARM_UP = 1 / 3;
const WINDOWS = 12;
const READINGS_PER_WINDOW = 3;
/** Of the pairs of windows, how many must rise: a step or a single peak is no trend. */
const RISING = 0.75;

/**
 * The trend of one life of a process, from the low readings of each of twelve windows: garbage that is not collected yet is above
 * them. The slope is that of Theil and Sen (the median of all pairs), which single outliers do not move. A leak grows beyond both
 * tolerances, in most pairs of windows, and is still growing in the second half.
 *
 * @returns `null` where the readings are too few
 */
export function trendOf(readings: readonly Reading[], { growth: allowed, share }: Tolerance): Trend | null {
  const steady = readings.slice(Math.floor(readings.length * WARM_UP));
  if (steady.length < WINDOWS * READINGS_PER_WINDOW) return null;
  const floors = Array.from({ length: WINDOWS }, (_, index) => floorOf(windowOf(steady, index)));
  const [from, until] = [steady[0]!.at, steady.at(-1)!.at];
  const slopes = slopesOf(floors);
  const slope = median(slopes)!;
  const growth = slope * (until - from);
  const rising = slopes.filter((each) => each > 0).length / slopes.length;
  const late = median(slopesOf(floors.slice(WINDOWS / 2)))! * (until - from);
  const limit = Math.max(allowed, share * floors[0]!.value);
  return {
    from,
    until,
    perHour: slope * 3_600,
    growth,
    isLeak: growth > limit && rising >= RISING && late > limit / 2,
  };
}

const windowOf = (readings: readonly Reading[], index: number): readonly Reading[] =>
  readings.slice(
    Math.floor((readings.length * index) / WINDOWS),
    Math.floor((readings.length * (index + 1)) / WINDOWS),
  );

const floorOf = (window: readonly Reading[]): Reading => ({
  at: median(window, ({ at }) => at)!,
  value: quantile(window, 0.1, ({ value }) => value)!,
});

/** The slope of every pair. */
const slopesOf = (readings: readonly Reading[]): number[] =>
  readings.flatMap((first, index) =>
    readings.slice(index + 1).map((second) => (second.value - first.value) / (second.at - first.at)),
  );
