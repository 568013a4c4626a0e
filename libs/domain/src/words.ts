import type { Instant } from './decision.js';

/** The units that are counted (docs/domain/words.md). */
export const RESOURCES = ['sip_number', 'mobile_app', 'ukey2'] as const;
export type Resource = (typeof RESOURCES)[number];

/** The features that are switched on and off (docs/domain/words.md). */
export const FEATURES = [
  'sip_trunks',
  'group_forward_rules',
  'remote_door_opening',
  'whitelabel',
  'apple_watch',
  'siri',
  'family_events',
  'elevators',
  'guest_access',
  'amenities_reservation',
  'license_plates',
] as const;
export type Feature = (typeof FEATURES)[number];

/** A number of units; `null` is unlimited. */
export type Limit = number | null;

/** A limit for every resource. A resource that a request does not name is 0. */
export type Units = Readonly<Record<Resource, Limit>>;

/** Units in motion are always finite. */
export type FiniteUnits = Readonly<Record<Resource, number>>;

/** Half-open `[validFrom, validUntil)`; `validUntil: null` is indefinite. */
export interface Term {
  readonly validFrom: Instant;
  readonly validUntil: Instant | null;
}

export const GROUP_TYPES = ['company', 'building', 'unit', 'floor', 'apartment', 'custom'] as const;
export type GroupType = (typeof GROUP_TYPES)[number];

export const LICENSE_TYPES = ['trial', 'basic', 'plus'] as const;
export type LicenseType = (typeof LICENSE_TYPES)[number];

export const BILLING_MODES = ['prepaid', 'postpaid'] as const;
export type BillingMode = (typeof BILLING_MODES)[number];

export const POOL_MODES = ['shared', 'reserved'] as const;
export type PoolMode = (typeof POOL_MODES)[number];

export const PARTNER_KINDS = ['distributor', 'dealer', 'management_company'] as const;
export type PartnerKind = (typeof PARTNER_KINDS)[number];

export const RECURRENCES = ['once', 'daily', 'weekly', 'every_30_days'] as const;
export type Recurrence = (typeof RECURRENCES)[number];

/** How a group is reminded of the end of its terms (E2, E3). */
export interface Reminder {
  readonly daysBefore: readonly number[];
  readonly recurrence: Recurrence;
  readonly recipients: 'administrators' | 'members';
}

/** A root and 31 levels below it (G1). */
export const MAX_DEPTH = 32;
