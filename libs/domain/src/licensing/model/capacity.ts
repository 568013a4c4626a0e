import { ALL_FEATURES, NO_FEATURES, featureSet, type FeatureSet } from '../../feature-set.js';
import { UNLIMITED, basicUnitsOf, sumUnits } from '../../limits.js';
import type { BillingMode, Units } from '../../words.js';
import type { LicenseState } from './facts.js';
import type { ProjectState } from './state.js';

type Granted = Pick<LicenseState, 'phase' | 'units' | 'features' | 'suspendedReason' | 'revokedReason'>;

export const isInForce = (license: Omit<Granted, 'units' | 'features'>): boolean =>
  license.phase === 'active' && license.suspendedReason === null && license.revokedReason === null;

/** The capacity and features of a project (L5), and the sum of its licenses in force (`entitled`). */
export function capacityOfLicenses(
  billingMode: BillingMode,
  devices: number,
  licenses: Iterable<Granted>,
): { readonly capacity: Units; readonly features: FeatureSet; readonly entitled: Units } {
  let entitled = basicUnitsOf(devices);
  let features = NO_FEATURES;
  for (const license of licenses) {
    if (!isInForce(license)) continue;
    entitled = sumUnits(entitled, license.units);
    features |= featureSet(license.features);
  }
  if (billingMode === 'postpaid') return { capacity: UNLIMITED, features: ALL_FEATURES, entitled };
  return { capacity: entitled, features, entitled };
}

/** The licenses of a project in the order in which they were granted. */
export function licensesIn(state: ProjectState): readonly LicenseState[] {
  const licenses: LicenseState[] = [];
  for (const [, license] of state.licenses.entries()) licenses.push(license);
  return licenses;
}

/** Recomputes the capacity and features of the project from its licenses (L5). */
export function refreshCapacity(state: ProjectState): void {
  const { totals } = state;
  const billingMode = totals.project?.billingMode ?? 'prepaid';
  Object.assign(totals, capacityOfLicenses(billingMode, totals.devices, licensesIn(state)));
}
