import { describe, expect, it } from '@jest/globals';
import { nextReminder } from './reminder-plan.js';
import { ReminderPlans } from './reminder-plans.js';

const at = (instant: string): number => Date.parse(`${instant}:00Z`);
/** The last day is 2026-10-22. */
const TERM = { validFrom: at('2026-06-01T00:00'), validUntil: at('2026-10-23T00:00'), timeZone: 'UTC' };
const DAILY = { daysBefore: [3], recurrence: 'daily' } as const;
const ONCE = { daysBefore: [3], recurrence: 'once' } as const;

const latest = (reminder: typeof DAILY | typeof ONCE, now: string) => {
  const { sent, next } = new ReminderPlans().latest(reminder, TERM, { from: at('2026-10-19T08:00'), now: at(now) });
  return { sent: sent && [sent.occasion, sent.date, sent.daysLeft], next: next && new Date(next).toISOString() };
};

describe('the reminder that goes out (E2, E5)', () => {
  it('is the one of the day', () => {
    expect(latest(DAILY, '2026-10-19T08:00')).toEqual({
      sent: ['2026-10-19', '2026-10-19', 3],
      next: '2026-10-20T08:00:00.000Z',
    });
  });

  it('is none before the first', () => {
    expect(latest(ONCE, '2026-10-19T07:59')).toEqual({ sent: null, next: '2026-10-19T08:00:00.000Z' });
  });

  it('counts its days from today after a standstill, and stays the same occasion', () => {
    expect(latest(ONCE, '2026-10-21T12:00')).toEqual({ sent: ['2026-10-19', '2026-10-21', 1], next: null });
  });

  it('gives way to one that is due later today', () => {
    expect(latest(DAILY, '2026-10-20T07:00')).toEqual({ sent: null, next: '2026-10-20T08:00:00.000Z' });
  });

  it('gives way to the last mail on the last day', () => {
    expect(latest(ONCE, '2026-10-22T12:00')).toEqual({ sent: null, next: null });
  });
});

it('the next reminder is that of the plan, whenever the term began', () => {
  const plans = new ReminderPlans();
  for (const validFrom of [0, TERM.validFrom, at('2026-10-20T12:00')])
    for (const after of ['2026-06-01T00:00', '2026-10-19T08:00', '2026-10-20T09:00', '2026-10-22T00:00'])
      expect(plans.next(DAILY, { ...TERM, validFrom }, at(after))).toEqual(
        nextReminder(DAILY, { ...TERM, validFrom }, at(after)),
      );
});
