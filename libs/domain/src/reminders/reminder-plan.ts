import { addDays, dateAt, daysBetween, timeOfDay, type CalendarDate } from '../calendar.js';
import type { Instant } from '../decision.js';
import type { Recurrence, Reminder, Term } from '../words.js';

/** The term that comes to its end, and the zone its days are counted in (E4). */
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

/** The days of a reminder, without its recipients. */
export type ReminderDays = Pick<Reminder, 'daysBefore' | 'recurrence'>;

const TIME_OF_DAY = '08:00';

const STEP_DAYS: Readonly<Record<Recurrence, number>> = { once: Infinity, daily: 1, weekly: 7, every_30_days: 30 };

/**
 * The mails that announce the end of a term (E2), in order: every `daysBefore` starts a series of its own
 * towards the end, a day has one mail at most, and none lies outside the term or on its last day. A term without an end
 * has none.
 */
export function reminderPlan(reminder: ReminderDays, term: RemindedTerm): readonly PlannedReminder[] {
  const lastDay = lastDayOf(term);
  if (lastDay === null) return [];
  return leadDays(reminder)
    .map((daysLeft) => reminderOn(term, lastDay, daysLeft))
    .filter((planned) => planned !== null);
}

/** The first mail of the plan later than an instant; `null`: none is left. Costs little, however long the plan is. */
export function nextReminder(reminder: ReminderDays, term: RemindedTerm, after: Instant): PlannedReminder | null {
  const lastDay = lastDayOf(term);
  if (lastDay === null) return null;
  const daysToCome = daysBetween(dateAt(Math.max(after, term.validFrom), term.timeZone), lastDay);
  for (const daysLeft of leadDays(reminder)) {
    if (daysLeft > daysToCome) continue;
    const planned = reminderOn(term, lastDay, daysLeft);
    if (planned !== null && planned.at > after) return planned;
  }
  return null;
}

/** The days of the plan, as days left, falling; 0 is the last day of the term and not among them. */
function leadDays({ daysBefore, recurrence }: ReminderDays): readonly number[] {
  const days = new Set<number>();
  for (const start of daysBefore) {
    for (let daysLeft = start; daysLeft > 0; daysLeft -= STEP_DAYS[recurrence]) days.add(daysLeft);
  }
  return [...days].sort((a, b) => b - a);
}

function reminderOn(
  { validFrom, timeZone }: RemindedTerm,
  lastDay: CalendarDate,
  daysLeft: number,
): PlannedReminder | null {
  const date = addDays(lastDay, -daysLeft);
  // A zone that crosses the date line skips a day; the mail of that day is left out.
  const at = timeOfDay(date, TIME_OF_DAY, timeZone);
  return at !== null && at >= validFrom ? { date, at, daysLeft } : null;
}

/** The end itself is outside: a term until midnight ends the day before. */
const lastDayOf = ({ validUntil, timeZone }: RemindedTerm): CalendarDate | null =>
  validUntil === null ? null : dateAt(validUntil - 1, timeZone);
