import type { Permission } from '@allotree/contracts';
import type { GroupQuota, Instant } from '@allotree/domain';
import { withoutNeighbors } from './without-neighbors.js';

const iso = (instant: Instant | null): string | null => (instant === null ? null : new Date(instant).toISOString());

/** A quota as a caller with these permissions at the group sees it. */
export function quotaAnswer(quota: GroupQuota, permissions: ReadonlySet<Permission>): object {
  const { effectivePeriod, ...shown } = withoutNeighbors(quota, permissions);
  return {
    ...shown,
    effectivePeriod: { validFrom: iso(effectivePeriod.validFrom), validUntil: iso(effectivePeriod.validUntil) },
  };
}
