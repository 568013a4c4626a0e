import type { AccountItem } from '@allotree/contracts';
import type { Instant, Party, Period } from '@allotree/domain';
import { REPORTING } from '../tokens.js';
import type { Rows } from './rows.js';

/** A seller and a buyer. */
export interface Account {
  readonly accountId: string;
  readonly tenantId: string | null;
  readonly sellerKind: 'vendor' | 'partner';
  /** `null`: the vendor. */
  readonly sellerId: string | null;
  readonly buyerKind: 'partner' | 'project';
  readonly buyerId: string;
  /** The buyer, or the partner of a project that is the buyer. */
  readonly partnerId: string;
  /** The seller is the partner directly above the buyer, so it bills its use; `false`: it sells to it and nothing else. */
  readonly isDirect: boolean;
  /** `null`: nothing is billed yet. */
  readonly billedFrom: Instant | null;
  /** Of an account between partners: the end of the period whose statement comes next. */
  readonly nextUntil: Instant | null;
}

export interface AccountRow {
  readonly account_id: string;
  readonly tenant_id: string | null;
  readonly seller_kind: Account['sellerKind'];
  readonly seller_id: string | null;
  readonly buyer_kind: Account['buyerKind'];
  readonly buyer_id: string;
  readonly partner_id: string;
  readonly is_direct: boolean;
  readonly billed_from: Date | null;
  readonly next_until: Date | null;
}

/** Ids of partners and projects have no colon, so each is of one seller and one buyer. */
export const accountIdOf = (sellerId: string | null, buyerId: string): string => `${sellerId ?? 'vendor'}:${buyerId}`;

export const accountOf = (row: AccountRow): Account => ({
  accountId: row.account_id,
  tenantId: row.tenant_id,
  sellerKind: row.seller_kind,
  sellerId: row.seller_id,
  buyerKind: row.buyer_kind,
  buyerId: row.buyer_id,
  partnerId: row.partner_id,
  isDirect: row.is_direct,
  billedFrom: row.billed_from?.getTime() ?? null,
  nextUntil: row.next_until?.getTime() ?? null,
});

export const sellerOf = ({ sellerKind, sellerId }: Account): Party => ({ kind: sellerKind, id: sellerId });
export const buyerOf = ({ buyerKind, buyerId }: Account): Party => ({ kind: buyerKind, id: buyerId });

export async function findAccount(rows: Rows, accountId: string): Promise<Account | null> {
  const [row] = await rows.query<AccountRow>(`SELECT * FROM ${REPORTING}.account WHERE account_id = $1`, [accountId]);
  return row ? accountOf(row) : null;
}

const nameOf = (table: string, id: string): string =>
  `(SELECT name FROM ${REPORTING}.${table} version WHERE ${id} ORDER BY from_at DESC LIMIT 1)`;

/** Accounts as lists show them, to readers who may not read the other party itself. */
export const ACCOUNT_ITEMS = `
  SELECT account.*,
    ${nameOf('partner_version', 'partner_id = account.seller_id')} AS seller_name,
    CASE buyer_kind WHEN 'partner' THEN ${nameOf('partner_version', 'partner_id = account.buyer_id')}
      ELSE ${nameOf('project_version', 'project_id = account.buyer_id')} END AS buyer_name,
    coalesce((SELECT max(number) FROM ${REPORTING}.document document WHERE document.account_id = account.account_id), 0) AS documents
  FROM ${REPORTING}.account account`;

export interface AccountItemRow extends AccountRow {
  readonly seller_name: string | null;
  readonly buyer_name: string | null;
  readonly documents: number;
}

export const accountItem = (row: AccountItemRow): AccountItem => ({
  accountId: row.account_id,
  sellerKind: row.seller_kind,
  sellerId: row.seller_id,
  sellerName: row.seller_name,
  buyerKind: row.buyer_kind,
  buyerId: row.buyer_id,
  buyerName: row.buyer_name,
  documents: row.documents,
});

/** Documents of these accounts are issued by nobody else until the transaction ends. */
export async function lockAccounts(rows: Rows, accountIds: readonly string[]): Promise<void> {
  await rows.query(`SELECT FROM ${REPORTING}.account WHERE account_id = ANY ($1) ORDER BY account_id FOR UPDATE`, [
    accountIds,
  ]);
}

/** The instant whose terms count for a period: its beginning, and in the first one that of the account. */
export const beginOf = ({ billedFrom }: Account, { from }: Pick<Period, 'from'>): Instant =>
  Math.max(from, billedFrom ?? from);
