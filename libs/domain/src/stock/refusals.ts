import type { Instant } from '../decision.js';
import type { Feature, Limit, Resource, Term } from '../words.js';

/** Why a command on a partner's stock was refused, with the facts. Nothing was recorded. */
export type PartnerStockRefusal =
  | {
      readonly code: 'STOCK_EXHAUSTED';
      readonly resource: Resource;
      readonly requested: Limit;
      readonly available: Limit;
      readonly packageId: string;
    }
  | {
      readonly code: 'PERIOD_OUTSIDE_PARENT';
      /** Which end of the term lies outside. */
      readonly side: 'start' | 'end' | 'both';
      readonly requestedFrom: Instant;
      readonly requestedUntil: Instant | null;
      readonly limitedBy: { readonly packageId: string; readonly name: string } & Term;
    }
  | { readonly code: 'FEATURE_NOT_AVAILABLE'; readonly feature: Feature; readonly packageId: string }
  | { readonly code: 'SIP_BELOW_MOBILE'; readonly sipNumber: number; readonly mobileApp: Limit }
  | { readonly code: 'PARTNER_CLOSED'; readonly partnerId: string; readonly reason: string }
  | { readonly code: 'NOT_FOUND'; readonly what: 'partner' | 'package'; readonly id: string }
  | { readonly code: 'VALIDATION'; readonly field: string; readonly message: string };
