import { Problem } from '@allotree/http/problem';
import { endOfDay, lastDayOf, dateAt, startOfDay, startsDay, type Instant, type TermDates } from '@allotree/domain';

/** The first instant that JSON, PostgreSQL and calendars can all write down, with a day to spare. */
const EARLIEST = Date.parse('1970-01-02T00:00:00Z');
/** From this year on a date stands for no end: other systems write 9999-12-31 for it (E4). */
const NEVER = '9999';

const isDate = (value: string): boolean => !value.includes('T');

/** Whether a request cannot be understood without a time zone. */
export const namesDate = (...values: readonly (string | null | undefined)[]): boolean =>
  values.some((value) => typeof value === 'string' && isDate(value));

/** Whether an end stands for none. Dates and instants begin with a year of four digits. */
const isNever = (value: string): boolean => value >= NEVER;

/**
 * The instant a term or period starts: a date is the start of that day in the zone (E4).
 * @param field is blamed when the value is beyond what can be kept
 */
export function startOf(value: string, zone: string, field: string): Instant {
  if (isNever(value)) throw Problem.validation(field, 'must be before the year 9999');
  return notTooEarly(isDate(value) ? startOfDay(value, zone) : Date.parse(value), field);
}

/**
 * The instant a term or period ends: a date is the end of that day in the zone, so the start of the next. `null`: it has no
 * end, which is what a date after 9998 means (E4).
 */
export function endOf(value: string, zone: string, field: string): Instant | null {
  if (isNever(value)) return null;
  return notTooEarly(isDate(value) ? endOfDay(value, zone) : Date.parse(value), field);
}

interface TermInput {
  readonly validFrom?: string | null | undefined;
  readonly validUntil?: string | null | undefined;
}

/**
 * A term as it was put. `null`: not named.
 * @param prefix of the fields to blame, such as `allotments[0].`
 */
export function termOf(
  { validFrom, validUntil }: TermInput,
  zone: string,
  prefix = '',
): { validFrom: Instant | null; validUntil: Instant | null } {
  const term = {
    validFrom: validFrom == null ? null : startOf(validFrom, zone, `${prefix}validFrom`),
    validUntil: validUntil == null ? null : endOf(validUntil, zone, `${prefix}validUntil`),
  };
  if (term.validFrom !== null && term.validUntil !== null && term.validUntil <= term.validFrom)
    throw Problem.validation(`${prefix}validUntil`, 'must be after validFrom');
  return term;
}

/** The borders of a term that were put as dates, as they were put. An end that means none is no date. */
export const enteredDates = ({ validFrom, validUntil }: TermInput): TermDates => ({
  ...(validFrom != null && isDate(validFrom) ? { validFromDate: validFrom } : {}),
  ...(validUntil != null && isDate(validUntil) && !isNever(validUntil) ? { validUntilDate: validUntil } : {}),
});

/** The first and the last day of a project's term. `null`: there is none, or it does not begin or end with a day there. */
export const daysOf = (
  { validFrom, validUntil }: { readonly validFrom: Instant; readonly validUntil: Instant | null },
  zone: string,
): { validFromDate: string | null; validUntilDate: string | null } => ({
  validFromDate: startsDay(validFrom, zone) ? dateAt(validFrom, zone) : null,
  validUntilDate: validUntil !== null && startsDay(validUntil, zone) ? lastDayOf(validUntil, zone) : null,
});

function notTooEarly(instant: Instant, field: string): Instant {
  if (!(instant >= EARLIEST)) throw Problem.validation(field, 'must be 1970-01-02 or later');
  return instant;
}
