import { MAX_USAGE_WINDOWS, type UsageQuery } from '@allotree/contracts';
import { WINDOW_LENGTHS, windowsOf, type Period, type WindowLength } from '@allotree/domain';
import { Problem } from '@allotree/http';

const HOUR_MS = 3_600_000;
/** The longest that a window of each length can be. */
const LONGEST_MS: Readonly<Record<WindowLength, number>> = {
  PT1H: HOUR_MS,
  P1D: 25 * HOUR_MS,
  P1W: (7 * 24 + 1) * HOUR_MS,
  P1M: (31 * 24 + 1) * HOUR_MS,
};

/**
 * The windows of a period; without a length the period itself.
 * @param rows each of which has all windows in the answer
 * @throws Problem `VALIDATION` where these are too many
 */
export function windowsIn(
  period: Period,
  { window, timeZone }: Pick<UsageQuery, 'window'> & { readonly timeZone: string },
  rows: number,
): readonly Period[] {
  if (window === 'none') return [period];
  const most = Math.floor(MAX_USAGE_WINDOWS / Math.max(1, rows));
  if (leastOf(period, window) > most) throw tooMany(period, window, most);
  const windows: Period[] = [];
  for (const each of windowsOf(period, window, timeZone)) {
    if (windows.push(each) > most) throw tooMany(period, window, most);
  }
  return windows;
}

const leastOf = ({ from, until }: Period, length: WindowLength): number =>
  Math.ceil((until - from) / LONGEST_MS[length]);

function tooMany(period: Period, window: WindowLength, most: number): Problem {
  const longer = WINDOW_LENGTHS.slice(WINDOW_LENGTHS.indexOf(window) + 1);
  // A few windows more than the least: the first and the last are cut, and so are some where clocks change.
  const fitting = longer.find((length) => leastOf(period, length) * 1.2 + 2 <= most) ?? 'none';
  const limit = most.toLocaleString('en');
  return Problem.validation('window', `${window} gives more than ${limit} windows; ${fitting} fits`);
}
