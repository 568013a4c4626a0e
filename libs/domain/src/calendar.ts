import { Temporal } from 'temporal-polyfill';
import type { Instant } from './decision.js';

/**
 * Days of the calendar in a time zone (E4), the one meaning every service shares. Pure: the rules of the zones are
 * the time zone data of the runtime's ICU (`process.versions.tz`), like the rules of letter case.
 */

/** `YYYY-MM-DD`. */
export type CalendarDate = string;

/** The first instant of a day: where midnight does not exist the first one after it, where it exists twice the first. */
export const startOfDay = (date: CalendarDate, timeZone: string): Instant =>
  Temporal.PlainDate.from(date).toZonedDateTime(timeZone).epochMilliseconds;

/** The end of a day, half-open: the first instant of the next, so adjoining dates leave no gap. */
export const endOfDay = (date: CalendarDate, timeZone: string): Instant => startOfDay(addDays(date, 1), timeZone);

/** The date that the calendar of the zone shows at an instant. */
export const dateAt = (instant: Instant, timeZone: string): CalendarDate =>
  zoned(instant, timeZone).toPlainDate().toString();

/** The last day of a term that ends at this instant; the end itself is outside. */
export const lastDayOf = (validUntil: Instant, timeZone: string): CalendarDate => dateAt(validUntil - 1, timeZone);

export const addDays = (date: CalendarDate, days: number): CalendarDate =>
  new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10);

/** Days from one date to another, every one counted alike, whatever its length in a zone. */
export const daysBetween = (from: CalendarDate, to: CalendarDate): number =>
  (Date.parse(to) - Date.parse(from)) / DAY_MS;

/** Whether an instant is the first of a day, so that a term which starts or ends there can be shown in dates. */
export const startsDay = (instant: Instant, timeZone: string): boolean =>
  startOfDay(dateAt(instant, timeZone), timeZone) === instant;

/** Adds days by the calendar of the zone: the start of a day leads to the start of a day. */
export function daysAfter(instant: Instant, days: number, timeZone: string): Instant {
  const date = dateAt(instant, timeZone);
  if (startOfDay(date, timeZone) === instant) return startOfDay(addDays(date, days), timeZone);
  return zoned(instant, timeZone).add({ days }).epochMilliseconds;
}

/** A time of a day in the zone; `null` where the zone left that day out. */
export function timeOfDay(date: CalendarDate, time: string, timeZone: string): Instant | null {
  const moment = Temporal.PlainDateTime.from(`${date}T${time}`).toZonedDateTime(timeZone);
  return moment.toPlainDate().toString() === date ? moment.epochMilliseconds : null;
}

const DAY_MS = 86_400_000;

const zoned = (instant: Instant, timeZone: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone);
