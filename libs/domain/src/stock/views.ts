import type { Instant } from '../decision.js';
import type { PartnerKind, Units } from '../words.js';
import type { PackageContent } from './events.js';
import { availableUnits, type PartnerStockState, type StockPackage, type StockPartner } from './state.js';

export interface StockPackageView extends PackageContent {
  readonly packageId: string;
  readonly name: string;
  /** Who sold it; `null`: recorded by the vendor. */
  readonly from: { readonly partnerId: string; readonly packageId: string } | null;
  readonly sold: Units;
  readonly issued: Units;
  readonly available: Units;
  readonly status: 'scheduled' | 'active' | 'expired';
}

export interface StockView {
  readonly partnerId: string;
  readonly name: string;
  readonly kind: PartnerKind;
  readonly packages: readonly StockPackageView[];
}

function packageStatus({ validFrom, validUntil }: StockPackage, now: Instant): StockPackageView['status'] {
  if (validUntil !== null && validUntil <= now) return 'expired';
  return validFrom > now ? 'scheduled' : 'active';
}

/** A partner's packages in the order they came, with the units left of each. `null`: no such partner. */
export function stockOf(state: PartnerStockState, now: Instant): StockView | null {
  if (!state.partner) return null;
  const { partnerId, name, kind } = state.partner;
  const packages = [...state.packages.values()].map((stocked) => ({
    ...stocked,
    available: availableUnits(stocked),
    status: packageStatus(stocked, now),
  }));
  return { partnerId, name, kind, packages };
}

/** Whose stock it is; `null`: no such partner. */
export const stockPartnerOf = (state: PartnerStockState): StockPartner | null => state.partner;
