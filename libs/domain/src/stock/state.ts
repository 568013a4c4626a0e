import type { Instant } from '../decision.js';
import { eachUnit, minus, NO_UNITS, sameUnits, sumUnits } from '../limits.js';
import type { Feature, PartnerKind, Units } from '../words.js';
import type { PackageContent, PartnerStockEvent, PartnerStockEventOf, TermDates } from './events.js';

export interface StockPartner {
  readonly partnerId: string;
  readonly tenantId: string;
  readonly kind: PartnerKind;
  readonly name: string;
  readonly parentPartnerId: string | null;
}

export interface StockPackage extends PackageContent {
  readonly packageId: string;
  readonly name: string;
  /** `null`: recorded by the vendor. */
  readonly from: { readonly partnerId: string; readonly packageId: string } | null;
  readonly sold: Units;
  readonly issued: Units;
}

/** Units that left a package, by their id at the destination. */
export interface Departure extends PackageContent {
  readonly packageId: string;
  readonly to: { readonly kind: 'partner' | 'project'; readonly id: string };
}

/** A partner that packages can be sold to. */
export interface Buyer {
  readonly kind: PartnerKind;
  readonly name: string;
  /** Absent: it is open. */
  readonly closedReason?: string;
}

export interface PartnerStockState {
  readonly partner: StockPartner | null;
  /** Why the partner was closed; `null`: it is open. */
  readonly closedReason: string | null;
  readonly below: Map<string, Buyer>;
  readonly packages: Map<string, StockPackage>;
  /** Key: `soldPackageId` or `licenseId`. */
  readonly departures: Map<string, Departure>;
  readonly lastAt: Instant | null;
}

export const initialPartnerStock = (): PartnerStockState => ({
  partner: null,
  closedReason: null,
  below: new Map(),
  packages: new Map(),
  departures: new Map(),
  lastAt: null,
});

/** The units left of a package. An unlimited package never runs out: `null` stays `null`. */
export const availableUnits = ({ units, sold, issued }: Pick<StockPackage, 'units' | 'sold' | 'issued'>): Units => {
  const gone = sumUnits(sold, issued);
  return eachUnit((resource) => minus(units[resource], gone[resource] ?? 0));
};

/** The dates among the fields of a term; absent ones stay absent. */
export const datesIn = ({ validFromDate, validUntilDate }: TermDates): TermDates => ({
  ...(validFromDate === undefined ? {} : { validFromDate }),
  ...(validUntilDate === undefined ? {} : { validUntilDate }),
});

export const contentOf = (content: PackageContent): PackageContent => ({
  units: content.units,
  features: content.features,
  validFrom: content.validFrom,
  validUntil: content.validUntil,
  ...datesIn(content),
});

function receive(
  state: PartnerStockState,
  data: PackageContent & { packageId: string; name: string },
  from: StockPackage['from'],
): void {
  const { packageId, name } = data;
  state.packages.set(packageId, {
    packageId,
    name,
    from,
    ...contentOf(data),
    sold: NO_UNITS,
    issued: NO_UNITS,
  });
}

function sell(state: PartnerStockState, { data }: PartnerStockEventOf<'PackageSold'>): void {
  const source = state.packages.get(data.packageId);
  if (!source) return;
  state.packages.set(data.packageId, { ...source, sold: sumUnits(source.sold, data.units) });
  const to = { kind: 'partner', id: data.toPartnerId } as const;
  state.departures.set(data.soldPackageId, { packageId: data.packageId, to, ...contentOf(data) });
}

function issue(state: PartnerStockState, { data }: PartnerStockEventOf<'UnitsIssued'>): void {
  const source = state.packages.get(data.packageId);
  if (!source) return;
  state.packages.set(data.packageId, { ...source, issued: sumUnits(source.issued, data.units) });
  const to = { kind: 'project', id: data.projectId } as const;
  state.departures.set(data.licenseId, { packageId: data.packageId, to, ...contentOf(data) });
}

function closeBelow(
  state: PartnerStockState,
  { partnerId, reason }: PartnerStockEventOf<'PartnerClosedBelow'>['data'],
) {
  const buyer = state.below.get(partnerId);
  if (buyer) state.below.set(partnerId, { ...buyer, closedReason: reason });
}

/** Folds one event into the state; the maps are changed in place. */
export function evolvePartnerStock(state: PartnerStockState, event: PartnerStockEvent): PartnerStockState {
  const next = { ...state, lastAt: event.at };
  switch (event.type) {
    case 'StockOpened':
      return { ...next, partner: event.data };
    case 'PartnerPromoted':
      return { ...next, partner: next.partner && { ...next.partner, kind: event.data.kind } };
    case 'PartnerJoinedBelow':
      next.below.set(event.data.partnerId, { kind: event.data.kind, name: event.data.name });
      return next;
    case 'StockClosed':
      return { ...next, closedReason: event.data.reason };
    case 'PartnerClosedBelow':
      closeBelow(next, event.data);
      return next;
    case 'PackageRecorded':
      receive(next, event.data, null);
      return next;
    case 'PackageReceived':
      receive(next, event.data, { partnerId: event.data.fromPartnerId, packageId: event.data.fromPackageId });
      return next;
    case 'PackageSold':
      sell(next, event);
      return next;
    case 'UnitsIssued':
      issue(next, event);
      return next;
  }
}

export const sameFeatures = (one: readonly Feature[], other: readonly Feature[]): boolean =>
  one.length === other.length && one.every((feature) => other.includes(feature));

export const sameContent = (one: PackageContent, other: PackageContent): boolean =>
  sameUnits(one.units, other.units) &&
  sameFeatures(one.features, other.features) &&
  one.validFrom === other.validFrom &&
  one.validUntil === other.validUntil;
