import type { PartnerStockEventOf } from '@allotree/domain';
import type { ProjectRequest } from '../projects.js';

/** Ids of the grant derive from those of the debit under this name. */
export const GRANT_STEP = 'grant';

/**
 * Units debited from a stock reach the project whatever the clocks say, and even if it has been closed since: the debit
 * cannot be undone. A request that would meet a closed project, or one whose last decision is dated later, is refused before the
 * debit.
 */
export const HOWEVER_LATE = { maxClockLag: Infinity, isDebited: true } as const;

/** The grant that units which left a partner's stock become (L3). Idempotent by the id of the license. */
export const grantOf = (
  partnerId: string,
  {
    packageId,
    licenseId,
    units,
    features,
    validFrom,
    validUntil,
    packageValidUntil,
    externalId,
  }: PartnerStockEventOf<'UnitsIssued'>['data'],
): Extract<ProjectRequest, { type: 'GrantLicense' }> => ({
  type: 'GrantLicense',
  licenseId,
  licenseType: 'plus',
  units,
  features,
  validFrom,
  validUntil,
  source: { kind: 'package', partnerId, packageId, packageValidUntil },
  ...(externalId !== undefined && { externalId }),
});
