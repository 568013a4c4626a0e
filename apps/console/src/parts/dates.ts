/** Dates and instants as people read them, in a project's time zone. */
export const dayText = (instant: string, timeZone: string, language: string): string =>
  new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone }).format(new Date(instant));

export const instantText = (instant: string, timeZone: string, language: string): string =>
  new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium', timeZone }).format(new Date(instant));

/** The date of an instant in a time zone, as `YYYY-MM-DD`. */
export const dateOf = (instant: string, timeZone: string): string =>
  new Intl.DateTimeFormat('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit', timeZone }).format(
    new Date(instant),
  );

/** What the clocks of a time zone show at an instant, to the minute, as `YYYY-MM-DD HH:mm`. */
export const wallOf = (instant: string, timeZone: string): string =>
  `${dateOf(instant, timeZone)} ${new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone }).format(new Date(instant))}`;

/** A date without a time, `YYYY-MM-DD`, as people read it. */
export const dateText = (date: string, language: string): string => dayText(`${date}T00:00:00Z`, 'UTC', language);

/** The date of today in a time zone. */
export const todayIn = (timeZone: string): string => dateOf(new Date().toISOString(), timeZone);

/** The last instant of a term that ends at an instant, which is not part of it. */
const lastOf = (validUntil: string): string => new Date(Date.parse(validUntil) - 1).toISOString();

/** The last day of a term, as `YYYY-MM-DD`. */
export const lastDayOf = (validUntil: string, timeZone: string): string => dateOf(lastOf(validUntil), timeZone);

/** The last day of a term, as people read it. */
export const lastDayText = (validUntil: string, timeZone: string, language: string): string =>
  dayText(lastOf(validUntil), timeZone, language);

/** Such as `1 Jan 2026 - 31 Dec 2026`: the first and the last day. */
export function termText(
  from: string,
  until: string | null,
  zone: string,
  language: string,
  indefinite: string,
): string {
  const last = until === null ? indefinite : lastDayText(until, zone, language);
  return `${dayText(from, zone, language)} – ${last}`;
}

/** The time zone of an account; without one, that of the browser. */
export const zoneOf = ({ timeZone }: { readonly timeZone: string | null }): string =>
  timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
