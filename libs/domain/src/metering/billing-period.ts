import { Temporal } from 'temporal-polyfill';
import { dateAt, startOfDay } from '../calendar.js';
import type { Instant } from '../decision.js';
import type { Period } from './usage.js';

export const BILLING_INTERVALS = ['P1M', 'P3M', 'P1Y'] as const;
export type BillingInterval = (typeof BILLING_INTERVALS)[number];

export interface BillingTerms {
  readonly interval: BillingInterval;
  /** The month of the first period's start, `YYYY-MM`. */
  readonly anchorMonth: string;
  /** The day of the month on which periods start, 1 to 31; in shorter months the last day. */
  readonly anchorDay: number;
  /** IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string;
}

export const MONTHS_OF_INTERVAL: Readonly<Record<BillingInterval, number>> = { P1M: 1, P3M: 3, P1Y: 12 };

/**
 * The n-th billing period, from 0; negative ones lie before the anchor. Each is counted from the anchor and never from
 * the one before, so a period that starts on the 31st starts there again after a February. Periods adjoin.
 */
export const billingPeriod = (terms: BillingTerms, index: number): Period => ({
  from: startOfPeriod(terms, index),
  until: startOfPeriod(terms, index + 1),
});

/** The number of the billing period that an instant lies in. */
export function billingPeriodAt(terms: BillingTerms, instant: Instant): number {
  const date = Temporal.PlainDate.from(dateAt(instant, terms.timeZone));
  const anchor = Temporal.PlainYearMonth.from(terms.anchorMonth);
  const months = (date.year - anchor.year) * 12 + date.month - anchor.month;
  const guess = Math.floor(months / MONTHS_OF_INTERVAL[terms.interval]);
  return startOfPeriod(terms, guess) <= instant ? guess : guess - 1;
}

/** Terms whose period 0 contains an instant. */
export function termsFrom(calendar: Omit<BillingTerms, 'anchorMonth'>, instant: Instant): BillingTerms {
  const month = Temporal.PlainDate.from(dateAt(instant, calendar.timeZone)).toPlainYearMonth();
  const terms = { ...calendar, anchorMonth: month.toString() };
  return startOfPeriod(terms, 0) <= instant
    ? terms
    : { ...terms, anchorMonth: month.subtract({ months: 1 }).toString() };
}

function startOfPeriod({ interval, anchorMonth, anchorDay, timeZone }: BillingTerms, index: number): Instant {
  const month = Temporal.PlainYearMonth.from(anchorMonth).add({ months: MONTHS_OF_INTERVAL[interval] * index });
  return startOfDay(month.toPlainDate({ day: Math.min(anchorDay, month.daysInMonth) }).toString(), timeZone);
}
