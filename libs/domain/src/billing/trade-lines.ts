import { Temporal } from 'temporal-polyfill';
import type { Instant } from '../decision.js';
import { MONTHS_OF_INTERVAL } from '../metering/billing-period.js';
import type { Quantity } from '../metering/quantity.js';
import { RESOURCES, type Limit, type Units } from '../words.js';
import { rated, type Line, type ServicePeriod } from './lines.js';
import type { AccountCalendar, ResourceTerms } from './terms.js';
import type { BilledPeriod } from './usage-lines.js';

/** A package that was recorded or sold, or a license that was issued or extended. */
export interface Trade {
  readonly type: 'new' | 'extend' | 'add';
  readonly eventId: string;
  readonly projectId: string | null;
  readonly units: Units;
  readonly term: ServicePeriod;
  /** `free`: a trial, or a license that was not bought. `by_use`: its units are charged as use. */
  readonly charge: 'by_term' | 'by_use' | 'free';
}

/**
 * The lines of a trade: units times the billing periods of the term. One whose term begins before the period is a correction, since an
 * earlier statement would have had it; in the first period of an account there is none.
 */
export function tradeLines(trade: Trade, billed: BilledPeriod, isFirst: boolean): Line[] {
  const isLate = !isFirst && trade.type !== 'extend' && trade.term.from < billed.period.from;
  const periods = periodsIn(trade.term, billed.calendar);
  return RESOURCES.filter((resource) => trade.units[resource] !== 0).map((resource): Line => {
    const terms = billed.terms.resources[resource];
    const quantity = quantityOf(trade.units[resource], periods);
    const unitPrice = priceOf(trade, terms);
    return {
      type: isLate ? 'correction' : trade.type,
      changes: isLate ? trade.type : null,
      projectId: trade.projectId,
      resource,
      basis: 'term',
      servicePeriod: trade.term,
      ...quantity,
      peakAt: null,
      unitPrice,
      amount: trade.charge === 'free' ? 0n : rated(unitPrice, quantity, billed.terms.minorDigits),
      eventIds: [trade.eventId],
      reason: null,
    };
  });
}

function priceOf({ charge }: Trade, terms: ResourceTerms): string | null {
  if (charge === 'free') return '0';
  return charge === 'by_use' || terms.basis === 'entitled' ? null : terms.unitPrice;
}

const quantityOf = (units: Limit, periods: Quantity | null) =>
  units === null || periods === null
    ? { unitMilliseconds: null, periodMilliseconds: null }
    : { unitMilliseconds: BigInt(units) * periods.numerator, periodMilliseconds: periods.denominator };

/**
 * How many billing periods a term has, counted from its own beginning: whole ones, and what is left as a part of the period that it begins. The
 * denominator is the length of that period in milliseconds. `null`: the term has no end.
 */
export function periodsIn({ from, until }: ServicePeriod, calendar: AccountCalendar): Quantity | null {
  if (until === null) return null;
  const start = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(calendar.timeZone);
  const end = Temporal.Instant.fromEpochMilliseconds(until).toZonedDateTimeISO(calendar.timeZone);
  const months = MONTHS_OF_INTERVAL[calendar.interval];
  const startOf = (index: number): Instant => start.add({ months: months * index }).epochMilliseconds;
  let whole = Math.floor(((end.year - start.year) * 12 + end.month - start.month) / months);
  while (startOf(whole) > until) whole -= 1;
  const length = BigInt(startOf(whole + 1) - startOf(whole));
  return { numerator: BigInt(whole) * length + BigInt(until - startOf(whole)), denominator: length };
}
