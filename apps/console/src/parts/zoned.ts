import { Temporal } from 'temporal-polyfill';

/**
 * The instant of a time on the clocks of a zone, whatever the zone of the browser: of a time that exists twice the first, of one that was left out the one
 * as long after the gap.
 *
 * @param wall such as `2026-03-29 02:30`
 */
export const instantOf = (wall: string, timeZone: string): string =>
  new Date(Temporal.PlainDateTime.from(wall).toZonedDateTime(timeZone).epochMilliseconds).toISOString();

/** The first instant of a day in a zone, which is not midnight everywhere. */
export const startOfDay = (date: string, timeZone: string): string =>
  new Date(Temporal.PlainDate.from(date).toZonedDateTime(timeZone).epochMilliseconds).toISOString();

/** The first instant of the day after. */
export const endOfDay = (date: string, timeZone: string): string =>
  startOfDay(Temporal.PlainDate.from(date).add({ days: 1 }).toString(), timeZone);

export const addDays = (date: string, days: number): string => Temporal.PlainDate.from(date).add({ days }).toString();

export const daysBetween = (from: string, to: string): number =>
  Temporal.PlainDate.from(from).until(Temporal.PlainDate.from(to)).days;
