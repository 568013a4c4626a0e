import { dateAt, daysBetween, lastDayOf } from '../calendar.js';
import type { Instant } from '../decision.js';
import { nextReminder, type PlannedReminder, type RemindedTerm, type ReminderDays } from './reminder-plan.js';

/** A term that has an end. */
export interface EndingTerm extends RemindedTerm {
  readonly validUntil: Instant;
}

/** A reminder as it goes out. */
export interface SentReminder extends PlannedReminder {
  /** The day it was planned for: the same one is sent once, on whatever day. */
  readonly occasion: string;
}

export interface LatestReminder {
  /** `null`: none is due any more. */
  readonly sent: SentReminder | null;
  /** When the next one is due; `null`: none is left. */
  readonly next: Instant | null;
}

/** Plans, each worked out once: the groups of a project often share theirs, and calendars are slow. */
export class ReminderPlans {
  private readonly known = new Map<string, PlannedReminder | null>();

  /** The first reminder of a term later than an instant; `null`: none is left. */
  next(reminder: ReminderDays, term: EndingTerm, after: Instant): PlannedReminder | null {
    const { daysBefore, recurrence } = reminder;
    // A term that has begun is planned alike, whenever it began.
    const validFrom = term.validFrom <= after ? 0 : term.validFrom;
    const key = [daysBefore, recurrence, validFrom, term.validUntil, term.timeZone, after].join(' ');
    let next = this.known.get(key);
    if (next === undefined) this.known.set(key, (next = nextReminder(reminder, { ...term, validFrom }, after)));
    return next;
  }

  /** The last reminder of a term from one instant up to another (E2), and when the one after it is due. */
  latest(
    reminder: ReminderDays,
    term: EndingTerm,
    { from, now }: { readonly from: Instant; readonly now: Instant },
  ): LatestReminder {
    let planned: PlannedReminder | null = null;
    let next = this.next(reminder, term, from - 1);
    while (next && next.at <= now) {
      planned = next;
      next = this.next(reminder, term, next.at);
    }
    return { sent: planned && sentToday(planned, next, { term, now }), next: next?.at ?? null };
  }
}

/**
 * A reminder as it is sent today. One of an earlier day, left over by a standstill, gives way to the one that is still to
 * come today, and to the last mail where today is the last day (E5).
 */
function sentToday(
  planned: PlannedReminder,
  next: PlannedReminder | null,
  { term, now }: { readonly term: EndingTerm; readonly now: Instant },
): SentReminder | null {
  const date = dateAt(now, term.timeZone);
  const daysLeft = daysBetween(date, lastDayOf(term.validUntil, term.timeZone));
  return next?.date === date || daysLeft < 1 ? null : { ...planned, occasion: planned.date, date, daysLeft };
}
