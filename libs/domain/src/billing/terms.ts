import type { BillingInterval } from '../metering/billing-period.js';
import type { Decimal } from '../metering/quantity.js';
import type { Resource } from '../words.js';

/** How the quantity of a resource is computed. */
export const BASES = [
  'peak',
  'sustained',
  'time_weighted',
  'daily_peak',
  'close',
  'entitled',
  'committed_plus_overage',
] as const;
export type Basis = (typeof BASES)[number];

/** How one resource is charged. */
export interface ResourceTerms {
  readonly basis: Basis;
  /** Of `sustained`: for how long use counts, in milliseconds; `null` otherwise. */
  readonly sustainedMilliseconds: number | null;
  /** For one unit and one billing period, in the major unit of the currency; `null`: quantities only. */
  readonly unitPrice: Decimal | null;
  /** Of `committed_plus_overage`: the units that are charged whether used or not; `null` otherwise. */
  readonly committed: number | null;
  /** Of `committed_plus_overage`: what exceeds the commitment is charged by the peak of such a period; `null`: by time, in each period. */
  readonly trueUp: BillingInterval | null;
}

/** The calendar by which the statements of an account between partners are issued. */
export interface AccountCalendar {
  readonly interval: BillingInterval;
  readonly anchorDay: number;
  readonly timeZone: string;
}

/** What a seller charges a buyer. */
export interface AccountTerms {
  /** ISO 4217; `null`: no amounts. */
  readonly currency: string | null;
  /** Decimal places of the currency. */
  readonly minorDigits: number;
  readonly resources: Readonly<Record<Resource, ResourceTerms>>;
  /** `null`: that of the project, or the default between partners. */
  readonly calendar: AccountCalendar | null;
}

const BY_TIME: ResourceTerms = {
  basis: 'time_weighted',
  sustainedMilliseconds: null,
  unitPrice: null,
  committed: null,
  trueUp: null,
};

/** Where a seller has set none: use by time, without prices. */
export const DEFAULT_ACCOUNT_TERMS: AccountTerms = {
  currency: null,
  minorDigits: 2,
  resources: { sip_number: BY_TIME, mobile_app: BY_TIME, ukey2: BY_TIME },
  calendar: null,
};

export const DEFAULT_CALENDAR: AccountCalendar = { interval: 'P1M', anchorDay: 1, timeZone: 'UTC' };

/** Periods of quarters and years begin with those of the calendar. */
export const ANCHOR_MONTH = '2000-01';
