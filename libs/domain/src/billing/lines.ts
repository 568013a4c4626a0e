import type { Instant } from '../decision.js';
import { amountOf, toDecimal, type Decimal } from '../metering/quantity.js';
import type { Resource } from '../words.js';
import type { Measured } from './measures.js';
import type { Basis } from './terms.js';

export const LINE_TYPES = ['new', 'extend', 'add', 'usage', 'overage', 'trueup', 'correction', 'credit'] as const;
export type LineType = (typeof LINE_TYPES)[number];

/** From `from` on, up to but not including `until`; `null`: indefinitely. */
export interface ServicePeriod {
  readonly from: Instant;
  readonly until: Instant | null;
}

/** A line of a statement or credit note. */
export interface Line extends Measured {
  readonly type: LineType;
  /** Of a correction or credit: the type of the line that it changes; `null` otherwise. */
  readonly changes: LineType | null;
  /** `null`: a package of a partner, or a commitment for all projects of an account. */
  readonly projectId: string | null;
  readonly resource: Resource;
  /** `term`: units for the term of a license or package. */
  readonly basis: Basis | 'term';
  readonly servicePeriod: ServicePeriod;
  readonly unitPrice: Decimal | null;
  /** In the minor unit of the currency; `null`: no price, or no quantity. */
  readonly amount: bigint | null;
  /** The ids of the integration events that the line rests on, in their order. */
  readonly eventIds: readonly string[];
  /** Of an adjustment or credit. */
  readonly reason: string | null;
}

/** Price times quantity, rounded once. */
export const rated = (
  unitPrice: Decimal | null,
  { unitMilliseconds, periodMilliseconds }: Pick<Measured, 'unitMilliseconds' | 'periodMilliseconds'>,
  minorDigits: number,
): bigint | null =>
  unitPrice === null || unitMilliseconds === null || periodMilliseconds === null
    ? null
    : amountOf(unitPrice, { numerator: unitMilliseconds, denominator: periodMilliseconds }, minorDigits);

/** A line as it is in a document: integers beyond those of a double, and decimals, as text; instants in ISO 8601. */
export interface LineContent {
  /** From 1 on. */
  readonly line: number;
  readonly type: LineType;
  readonly changes: LineType | null;
  readonly projectId: string | null;
  readonly resource: Resource;
  readonly basis: Basis | 'term';
  readonly servicePeriod: { readonly from: string; readonly until: string | null };
  readonly unitMilliseconds: string | null;
  readonly periodMilliseconds: string | null;
  /** For reading: their quotient with six places. */
  readonly quantity: Decimal | null;
  readonly peakAt: string | null;
  readonly unitPrice: Decimal | null;
  /** In the major unit of the currency. */
  readonly amount: Decimal | null;
  readonly eventIds: readonly string[];
  readonly reason: string | null;
}

const isoOf = (at: Instant | null): string | null => (at === null ? null : new Date(at).toISOString());
const instantOf = (iso: string | null): Instant | null => (iso === null ? null : Date.parse(iso));
const integerOf = (text: string | null): bigint | null => (text === null ? null : BigInt(text));

/** An amount of the minor unit in the major one. */
export const majorOf = (amount: bigint, minorDigits: number): Decimal =>
  toDecimal({ numerator: amount, denominator: 10n ** BigInt(minorDigits) }, minorDigits);

/** The other way round. */
export const minorOf = (amount: Decimal, minorDigits: number): bigint =>
  amountOf(amount, { numerator: 1n, denominator: 1n }, minorDigits);

/** @param line its number in the document */
export function lineContent(line: number, of: Line, minorDigits: number): LineContent {
  const { unitMilliseconds, periodMilliseconds, amount, servicePeriod } = of;
  return {
    line,
    type: of.type,
    changes: of.changes,
    projectId: of.projectId,
    resource: of.resource,
    basis: of.basis,
    servicePeriod: { from: new Date(servicePeriod.from).toISOString(), until: isoOf(servicePeriod.until) },
    unitMilliseconds: unitMilliseconds?.toString() ?? null,
    periodMilliseconds: periodMilliseconds?.toString() ?? null,
    quantity:
      unitMilliseconds === null || periodMilliseconds === null
        ? null
        : toDecimal({ numerator: unitMilliseconds, denominator: periodMilliseconds }),
    peakAt: isoOf(of.peakAt),
    unitPrice: of.unitPrice,
    amount: amount === null ? null : majorOf(amount, minorDigits),
    eventIds: of.eventIds,
    reason: of.reason,
  };
}

/** The line of a document. */
export const lineOf = (content: LineContent, minorDigits: number): Line => ({
  type: content.type,
  changes: content.changes,
  projectId: content.projectId,
  resource: content.resource,
  basis: content.basis,
  servicePeriod: {
    from: Date.parse(content.servicePeriod.from),
    until: instantOf(content.servicePeriod.until),
  },
  unitMilliseconds: integerOf(content.unitMilliseconds),
  periodMilliseconds: integerOf(content.periodMilliseconds),
  peakAt: instantOf(content.peakAt),
  unitPrice: content.unitPrice,
  amount: content.amount === null ? null : minorOf(content.amount, minorDigits),
  eventIds: content.eventIds,
  reason: content.reason,
});
