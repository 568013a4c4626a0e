import { DateTime } from 'luxon';
import type { Instant } from '../decision.js';
import type { Recurrence, Reminder, Term } from '../words.js';

/** The term that comes to its end, and the zone its days are counted in (domain.md E4). */
export interface RemindedTerm extends Term {
  /** A name of the IANA time zone database. */
  readonly timeZone: string;
}

/** One mail of the plan. */
export interface PlannedReminder {
  /** `YYYY-MM-DD`, the day in the term's zone. */
  readonly date: string;
  /** 08:00 of that day there. */
  readonly at: Instant;
  /** Days from that day to the last day of the term: 1 is "tomorrow". */
  readonly daysLeft: number;
}

/** What a reminder is made of, without whom it reaches. */
type Schedule = Pick<Reminder, 'daysBefore' | 'recurrence'>;

const HOUR_OF_DAY = 8;

const STEP_DAYS: Readonly<Record<Recurrence, number>> = { once: Infinity, daily: 1, weekly: 7, every_30_days: 30 };

/**
 * The mails that announce the end of a term (domain.md E2), in order: every `daysBefore` starts a series of its own
 * towards the end, a day has one mail at most, and none lies outside the term or on its last day. A term without an end
 * has none.
 */
export function reminderPlan(reminder: Schedule, term: RemindedTerm): readonly PlannedReminder[] {
  return leadDays(reminder)
    .map((daysLeft) => reminderOn(term, daysLeft))
    .filter((planned) => planned !== null);
}

/** The first mail of the plan later than an instant; `null`: none is left. Costs a few dates, however long the plan is. */
export function nextReminder(reminder: Schedule, term: RemindedTerm, after: Instant): PlannedReminder | null {
  const leads = leadDays(reminder);
  let from = 0;
  let to = leads.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (morning(term, leads[middle] ?? 0).at > after) to = middle;
    else from = middle + 1;
  }
  for (const daysLeft of leads.slice(from)) {
    const planned = reminderOn(term, daysLeft);
    if (planned !== null) return planned;
  }
  return null;
}

/** The days of the plan, as days left, falling; 0 is the last day of the term and not among them. */
function leadDays({ daysBefore, recurrence }: Schedule): readonly number[] {
  const days = new Set<number>();
  for (const start of daysBefore) {
    for (let daysLeft = start; daysLeft > 0; daysLeft -= STEP_DAYS[recurrence]) days.add(daysLeft);
  }
  return [...days].sort((a, b) => b - a);
}

function reminderOn(term: RemindedTerm, daysLeft: number): PlannedReminder | null {
  if (term.validUntil === null) return null;
  const { at, date } = morning(term, daysLeft);
  // A zone that changes sides of the date line leaves a day out: the mail of that day has no day.
  const exists = DateTime.fromMillis(at, { zone: term.timeZone }).toISODate() === date;
  return exists && at >= term.validFrom && at < term.validUntil ? { date, at, daysLeft } : null;
}

/** The day so many days before the last day of the term. The end itself is outside: a term until midnight ends the day before. */
function morning({ validUntil, timeZone }: RemindedTerm, daysLeft: number): { readonly date: string; readonly at: Instant } {
  const lastDay = DateTime.fromMillis((validUntil ?? 0) - 1, { zone: timeZone });
  // Counted on the calendar alone, where every day follows the one before.
  const { year, month, day } = DateTime.fromISO(lastDay.toISODate() ?? '', { zone: 'utc' }).minus({ days: daysLeft });
  const at = DateTime.fromObject({ year, month, day, hour: HOUR_OF_DAY }, { zone: timeZone });
  const date = DateTime.fromObject({ year, month, day }, { zone: 'utc' }).toFormat('yyyy-MM-dd');
  return { date, at: at.toMillis() };
}
