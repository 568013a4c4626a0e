import { Problem } from '@allotree/platform';
import type { Instant } from '@allotree/domain';
import { DateTime } from 'luxon';

/** What JSON, PostgreSQL and calendars can all write down, with a day to spare at each end. */
const EARLIEST = Date.parse('1970-01-02T00:00:00Z');
const LATEST = Date.parse('9999-12-30T00:00:00Z');

const isDate = (value: string): boolean => !value.includes('T');

/** Whether a wish cannot be understood without a time zone. */
export const namesDate = (...values: readonly (string | null | undefined)[]): boolean =>
  values.some((value) => typeof value === 'string' && isDate(value));

/**
 * The instant a term or period starts: a date is the start of that day in the zone (domain.md E4).
 * @param field is blamed when the value is beyond what can be kept
 */
export const startOf = (value: string, zone: string, field: string): Instant =>
  bounded(isDate(value) ? DateTime.fromISO(value, { zone }).startOf('day') : DateTime.fromISO(value), field);

/** The instant a term or period ends: a date is the end of that day in the zone, so the start of the next (domain.md E4). */
export const endOf = (value: string, zone: string, field: string): Instant =>
  bounded(
    isDate(value) ? DateTime.fromISO(value, { zone }).plus({ days: 1 }).startOf('day') : DateTime.fromISO(value),
    field,
  );

/** So many days after an instant, by the calendar of the zone. */
export const daysAfter = (instant: Instant, days: number, zone: string): Instant =>
  DateTime.fromMillis(instant, { zone }).plus({ days }).toMillis();

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

function bounded(value: DateTime, field: string): Instant {
  const instant = value.toMillis();
  if (!(instant >= EARLIEST && instant <= LATEST)) throw Problem.validation(field, 'must lie between 1970 and 9999');
  return instant;
}
