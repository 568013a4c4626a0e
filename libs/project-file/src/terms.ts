import { dateAt, endOfDay, startOfDay } from '@allotree/domain';
import { DateTime, Duration } from 'luxon';
import { isRelative } from './project-file.js';

/** The start of the day on which the project was created, in its time zone; durations of a file count from it. */
export interface FirstDay {
  readonly zone: string;
  /** An instant of that day, in milliseconds since 1970. */
  readonly instant: number;
}

type When = string | null | undefined;

/**
 * A term's border as the API takes it: a duration becomes the instant so long after the start of the first day; a date or an instant
 * stays as it is written (the system knows what a date means in the project's time zone).
 */
export const resolveWhen = <Border extends When>(border: Border, first: FirstDay): Border => {
  if (typeof border !== 'string' || !isRelative(border)) return border;
  const start = startOfDay(dateAt(first.instant, first.zone), first.zone);
  return DateTime.fromMillis(start, { zone: first.zone }).plus(Duration.fromISO(border)).toUTC().toISO() as Border;
};

const isDate = (border: string): boolean => /^\d{4}-\d\d-\d\d$/.test(border);

/** A date after 9998 means no end (E4). */
const isNever = (border: When): boolean => typeof border === 'string' && border >= '9999';

/** The instant an absolute border means: a date begins with its day and ends with the end of it (E4). */
function instantOf(border: string, which: 'from' | 'until', zone: string): number {
  if (!isDate(border)) return Date.parse(border);
  return which === 'until' ? endOfDay(border, zone) : startOfDay(border, zone);
}

/** Whether an existing border is the wanted one; a border that is not named matches any. */
export const isSameBorder = (stands: string | null, wanted: When, which: 'from' | 'until', zone: string): boolean => {
  if (wanted === undefined) return which === 'from' || stands === null;
  if (which === 'until' && isNever(wanted)) return stands === null;
  if (wanted === null || stands === null) return stands === wanted;
  return Date.parse(stands) === instantOf(wanted, which, zone);
};
