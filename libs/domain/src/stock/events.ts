import type { Instant } from '../decision.js';
import type { CalendarDate } from '../calendar.js';
import type { Feature, PartnerKind, Term, Units } from '../words.js';

/** The days a term was entered as; absent where it was entered as an instant. */
export interface TermDates {
  readonly validFromDate?: CalendarDate;
  /** The last day. */
  readonly validUntilDate?: CalendarDate;
}

/**
 * The content of a package when it is recorded, sold or received. Its instants are those of its dates in UTC, since partners
 * have no time zone; where it is issued, its dates are days of the project (E4).
 */
export interface PackageContent extends Term, TermDates {
  readonly units: Units;
  readonly features: readonly Feature[];
}

interface PartnerStockEvents {
  /** The partner was registered; its stock is empty. */
  StockOpened: { partnerId: string; tenantId: string; kind: PartnerKind; name: string; parentPartnerId: string | null };
  /** The partner became a distributor: packages can be recorded on its stock from now on. */
  PartnerPromoted: { partnerId: string; kind: 'distributor' };
  /** The partner was closed. `left`: the units that stay in its stock for good (L4). */
  StockClosed: {
    partnerId: string;
    reason: string;
    left: readonly { readonly packageId: string; readonly units: Units }[];
  };
  /** A partner below was closed: nothing is sold to it any more. */
  PartnerClosedBelow: { partnerId: string; reason: string };
  /** A partner was registered somewhere below this one: packages can be sold to it. */
  PartnerJoinedBelow: { partnerId: string; kind: PartnerKind; name: string };
  /** The vendor put a package on the stock of a distributor (L3). */
  PackageRecorded: PackageContent & { packageId: string; name: string };
  /** Left the stock of the seller; `soldPackageId` is the package it becomes at the buyer. */
  PackageSold: PackageContent & { packageId: string; soldPackageId: string; toPartnerId: string; name: string };
  /** Reached the stock of the buyer. */
  PackageReceived: PackageContent & { packageId: string; name: string; fromPartnerId: string; fromPackageId: string };
  /** Left the stock for good: a license of these units is granted on the project (L3, L4). */
  UnitsIssued: PackageContent & {
    packageId: string;
    licenseId: string;
    projectId: string;
    packageValidUntil: Instant | null;
    /** Of the license; absent: none. */
    externalId?: string;
  };
}

export type PartnerStockEventType = keyof PartnerStockEvents;
/** The events of a partner's stock. `at` is the instant of the decision; it never decreases along the stream. */
export type PartnerStockEvent = {
  [Type in PartnerStockEventType]: {
    readonly type: Type;
    readonly at: Instant;
    readonly data: Readonly<PartnerStockEvents[Type]>;
  };
}[PartnerStockEventType];
export type PartnerStockEventOf<Type extends PartnerStockEventType> = Extract<PartnerStockEvent, { type: Type }>;
