import { ALL_FEATURES, NO_FEATURES, featureSet } from '../../feature-set.js';
import { UNLIMITED, basicUnitsOf, sumUnits } from '../../limits.js';
import type { LicenseState } from './facts.js';
import type { ProjectState } from './state.js';

export const isInForce = (license: LicenseState): boolean =>
  license.phase === 'active' && license.suspendedReason === null && license.revokedReason === null;

/** Recomputes the capacity and features of the project from its licenses (L5). */
export function refreshCapacity(state: ProjectState): void {
  const { totals } = state;
  if (totals.project?.billingMode === 'postpaid') {
    Object.assign(totals, { capacity: UNLIMITED, features: ALL_FEATURES });
    return;
  }
  totals.capacity = basicUnitsOf(totals.devices);
  totals.features = NO_FEATURES;
  for (const [, license] of state.licenses.entries()) {
    if (!isInForce(license)) continue;
    totals.capacity = sumUnits(totals.capacity, license.units);
    totals.features |= featureSet(license.features);
  }
}
