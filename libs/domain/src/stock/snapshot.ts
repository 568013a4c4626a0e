import type { Instant } from '../decision.js';
import type { Buyer, Departure, PartnerStockState, StockPackage, StockPartner } from './state.js';

interface PartnerStockSnapshot {
  readonly partner: StockPartner | null;
  /** Absent: the partner is open. */
  readonly closedReason?: string;
  readonly below: readonly (readonly [string, Buyer])[];
  readonly packages: readonly StockPackage[];
  readonly departures: readonly (readonly [string, Departure])[];
  readonly lastAt: Instant | null;
}

/** Increase it with every change of the form; snapshots of another version are ignored. */
export const PARTNER_STOCK_SNAPSHOT_VERSION = 1;

export const encodePartnerStockSnapshot = (state: PartnerStockState): PartnerStockSnapshot => ({
  partner: state.partner,
  ...(state.closedReason === null ? {} : { closedReason: state.closedReason }),
  below: [...state.below],
  packages: [...state.packages.values()],
  departures: [...state.departures],
  lastAt: state.lastAt,
});

export function decodePartnerStockSnapshot(json: unknown): PartnerStockState {
  const { partner, closedReason = null, below, packages, departures, lastAt } = json as PartnerStockSnapshot;
  return {
    partner,
    closedReason,
    below: new Map(below),
    packages: new Map(packages.map((stocked) => [stocked.packageId, stocked])),
    departures: new Map(departures),
    lastAt,
  };
}

/** Bytes, about: a departure or a package is some 400, a partner below 150. */
export const sizeOfPartnerStock = ({ below, packages, departures }: PartnerStockState): number =>
  1_000 + 150 * below.size + 400 * (packages.size + departures.size);
