import { z } from 'zod';
import { LimitValue } from '../http/common.js';

/** Resources that are counted; `sip_number` is shown as "Virtual numbers". */
export const ResourceName = z.enum(['sip_number', 'mobile_app', 'ukey2']);

/** What is switched. */
export const FeatureName = z.enum([
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
]);

export const LicenseTypeName = z.enum(['trial', 'basic', 'plus']);
export const PoolModeName = z.enum(['shared', 'reserved']);
export const RecurrenceName = z.enum(['once', 'daily', 'weekly', 'every_30_days']);
/** How often a billing period starts: every month, quarter or year (ISO 8601). */
export const BillingIntervalName = z.enum(['P1M', 'P3M', 'P1Y']);
/** The day of the month on which billing periods start; in a shorter month, its last day. */
export const AnchorDay = z.int().min(1).max(31);
export const StatusName = z.enum(['scheduled', 'active', 'grace', 'expired', 'suspended', 'revoked']);

/** A limit for every resource; `null` is unlimited. */
export const UnitsOf = z.object({ sip_number: LimitValue, mobile_app: LimitValue, ukey2: LimitValue });
