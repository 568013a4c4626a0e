import { describe, expect, it } from '@jest/globals';
import { Random } from '../simulate/random.harness.js';
import { trendOf, type Reading } from './leaks.harness.js';

const MB = 1_000_000;
const TOLERANCE = { growth: 15 * MB, share: 0.1 };
const EVERY_SECONDS = 15;
const READINGS = 240;

/** An hour of readings: a saw tooth of garbage and noise, on top of what `kept` says. */
function readings(kept: (hours: number) => number, seed = 1): Reading[] {
  const random = new Random(seed);
  return Array.from({ length: READINGS }, (_, index) => {
    const at = index * EVERY_SECONDS;
    const garbage = ((index % 7) / 7) * 60 * MB + random.between(0, 10 * MB);
    return { at, value: kept(at / 3_600) + garbage };
  });
}
const isLeak = (series: readonly Reading[]): boolean => trendOf(series, TOLERANCE)!.isLeak;

describe('the trend of a process', () => {
  it('is no leak while only garbage comes and goes', () => {
    const seeds = Array.from({ length: 50 }, (_, seed) => seed);
    expect(seeds.filter((seed) => isLeak(readings(() => 120 * MB, seed)))).toEqual([]);
  });

  it('is a leak where what is kept grows by 40 MB an hour under garbage of 60 MB', () => {
    const seeds = Array.from({ length: 50 }, (_, seed) => seed);
    expect(seeds.filter((seed) => !isLeak(readings((hours) => 120 * MB + 40 * MB * hours, seed)))).toEqual([]);
  });

  it('has the slope of what is kept', () => {
    const { perHour } = trendOf(
      readings((hours) => 120 * MB + 40 * MB * hours),
      TOLERANCE,
    )!;
    expect(Math.round(perHour / (10 * MB))).toBe(4);
  });

  it('is no leak while caches fill in the first third', () => {
    expect(isLeak(readings((hours) => 120 * MB + Math.min(hours, 0.3) * 200 * MB))).toBe(false);
  });

  it('is no leak where a cache grows more and more slowly', () => {
    expect(isLeak(readings((hours) => 120 * MB + 60 * MB * (1 - Math.exp(-6 * hours))))).toBe(false);
  });

  it('is no leak after one step, and after a peak that passes', () => {
    expect(isLeak(readings((hours) => (hours < 0.5 ? 120 : 160) * MB))).toBe(false);
    expect(isLeak(readings((hours) => (hours > 0.7 && hours < 0.8 ? 400 : 120) * MB))).toBe(false);
  });

  it('is a leak of handles where one is lost a minute', () => {
    const series = Array.from({ length: READINGS }, (_, index) => ({
      at: index * EVERY_SECONDS,
      value: 60 + Math.floor(index / 4) + (index % 3),
    }));
    expect(trendOf(series, { growth: 15, share: 0.1 })!.isLeak).toBe(true);
  });

  it('is unknown where a process lived too shortly', () => {
    expect(trendOf(readings(() => 1).slice(0, 50), TOLERANCE)).toBeNull();
  });
});
