import type { PartnerStockEventOf } from '@allotree/domain';
import type { StockRequest } from './stocks.js';

/** Ids of the credit derive from those of the debit under this name. */
export const RECEIVE_STEP = 'receive';

/** The credit of the buyer that a sale becomes (L3). Idempotent by the id of the package. */
export const receiptOf = (
  sellerId: string,
  { packageId, soldPackageId, toPartnerId, ...content }: PartnerStockEventOf<'PackageSold'>['data'],
): Extract<StockRequest, { type: 'ReceivePackage' }> => ({
  type: 'ReceivePackage',
  partnerId: toPartnerId,
  packageId: soldPackageId,
  fromPartnerId: sellerId,
  fromPackageId: packageId,
  ...content,
});
