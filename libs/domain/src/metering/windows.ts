import { Temporal } from 'temporal-polyfill';
import { addDays, dateAt, startOfDay } from '../calendar.js';
import type { Instant } from '../decision.js';
import type { Period } from './usage.js';

/** ISO 8601 durations of the windows that a period can be cut into. */
export const WINDOW_LENGTHS = ['PT1H', 'P1D', 'P1W', 'P1M'] as const;
export type WindowLength = (typeof WINDOW_LENGTHS)[number];

/**
 * Cuts a period into the hours, days, weeks (from Monday) or months of a time zone (E4). The windows adjoin and cover the
 * period exactly; the first and the last are cut to it. A window has its real length: a day can have 23 to 25 hours, an
 * hour ends where the clock is changed, and a day that the zone left out has no window. Lazy: an hour of many years is
 * the caller's to limit.
 */
export function* windowsOf({ from, until }: Period, length: WindowLength, timeZone: string): Generator<Period> {
  const endOf = length === 'PT1H' ? endOfHour(timeZone) : (start: Instant) => windowEnd(start, length, timeZone);
  for (let start = from; start < until;) {
    const end = Math.min(endOf(start), until);
    yield { from: start, until: end };
    start = end;
  }
}

/** The first instant after this one at which a window of this length begins. */
function windowEnd(start: Instant, length: Exclude<WindowLength, 'PT1H'>, timeZone: string): Instant {
  const date = Temporal.PlainDate.from(dateAt(start, timeZone));
  const next = {
    P1D: () => date.add({ days: 1 }),
    P1W: () => date.add({ days: 8 - date.dayOfWeek }),
    P1M: () => date.with({ day: 1 }).add({ months: 1 }),
  }[length]();
  return firstInstantAfter(start, next.toString(), timeZone);
}

/** A zone may have left out the day itself; its first instant is then that of the next day, or earlier than `start`. */
function firstInstantAfter(start: Instant, date: string, timeZone: string): Instant {
  const instant = startOfDay(date, timeZone);
  return instant > start ? instant : firstInstantAfter(start, addDays(date, 1), timeZone);
}

const HOUR_MS = 3_600_000;

/** Asked for each end in turn, it reads the clock of the zone only at the beginning and where that clock is changed. */
function endOfHour(timeZone: string): (start: Instant) => Instant {
  let end: Instant | null = null;
  let change = -Infinity;
  return (start) => {
    const isFullHour = start === end && start < change;
    let past = 0;
    if (!isFullHour) {
      const local = Temporal.Instant.fromEpochMilliseconds(start).toZonedDateTimeISO(timeZone);
      change = local.getTimeZoneTransition('next')?.epochMilliseconds ?? Infinity;
      past = (local.minute * 60 + local.second) * 1_000 + local.millisecond;
    }
    end = Math.min(start + HOUR_MS - past, change);
    return end;
  };
}
