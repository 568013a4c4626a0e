import type { Instant } from '../decision.js';
import { billingPeriod, billingPeriodAt, type BillingTerms } from '../metering/billing-period.js';
import type { Curve, Period } from '../metering/usage.js';
import { RESOURCES, type BillingMode, type Limit, type Resource } from '../words.js';
import { rated, type Line, type LineType } from './lines.js';
import { excessOf, measured, overageOf, throughout, type Measured, type MeasuredUse } from './measures.js';
import { ANCHOR_MONTH, type AccountCalendar, type AccountTerms, type ResourceTerms } from './terms.js';

/** The use of a project, or of all projects of an account. */
export interface UseToBill {
  /** `null`: of all projects of an account. */
  readonly projectId: string | null;
  readonly billingMode: BillingMode;
  /** Also of the time before the period, as far as a true-up goes back. */
  readonly usage: Readonly<Record<Resource, Curve>>;
  /** The licenses that are paid for: neither trials nor Basic. */
  readonly entitled: Readonly<Record<Resource, Curve<Limit>>>;
  readonly eventIds: readonly string[];
}

/** A period of an account. */
export interface BilledPeriod {
  readonly period: Period;
  readonly terms: AccountTerms;
  readonly calendar: AccountCalendar;
  /** Since when the account is billed by these terms: a true-up does not go back beyond it. */
  readonly since: Instant;
}

/**
 * The period of a true-up that ends in a billing period; `null`: none does. Periods of true-ups begin with those of the calendar, and the
 * first is cut to the account's beginning.
 */
export function trueUpPeriod({ period, calendar, since }: BilledPeriod, { trueUp }: ResourceTerms): Period | null {
  if (trueUp === null) return null;
  const terms: BillingTerms = { ...calendar, interval: trueUp, anchorMonth: ANCHOR_MONTH };
  const { from, until } = billingPeriod(terms, billingPeriodAt(terms, period.until) - 1);
  if (until <= period.from || until <= since) return null;
  return { from: Math.max(from, since), until };
}

/**
 * The lines of what was used in a period. A prepaid project pays for its licenses: only what is entitled, or exceeds a commitment, is
 * charged as use (BASES).
 *
 * @throws RangeError if the period is empty
 */
export const usageLines = (use: UseToBill, billed: BilledPeriod): Line[] =>
  RESOURCES.flatMap((resource) => linesOf(resource, use, billed));

function linesOf(resource: Resource, use: UseToBill, billed: BilledPeriod): Line[] {
  const terms = billed.terms.resources[resource];
  const isPostpaid = use.billingMode === 'postpaid';
  const of: MeasuredUse = {
    usage: use.usage[resource],
    entitled: use.entitled[resource],
    period: billed.period,
    timeZone: billed.calendar.timeZone,
  };
  const line = (type: LineType, period: Period, quantity: Measured): Line => ({
    type,
    changes: null,
    projectId: use.projectId,
    resource,
    basis: terms.basis,
    servicePeriod: period,
    ...quantity,
    unitPrice: terms.unitPrice,
    amount: rated(terms.unitPrice, quantity, billed.terms.minorDigits),
    eventIds: use.eventIds,
    reason: null,
  });
  if (terms.basis !== 'committed_plus_overage')
    return isPostpaid || terms.basis === 'entitled'
      ? [line('usage', billed.period, measured(terms.basis, of, terms.sustainedMilliseconds ?? 0))]
      : [];
  const committed = terms.committed ?? 0;
  const base = isPostpaid ? [line('usage', billed.period, throughout(billed.period, committed))] : [];
  if (terms.trueUp === null) return [...base, line('overage', billed.period, overageOf(of, committed))];
  const trueUp = trueUpPeriod(billed, terms);
  return trueUp ? [...base, line('trueup', trueUp, excessOf({ ...of, period: trueUp }, committed))] : base;
}
