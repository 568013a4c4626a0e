import { z } from 'zod';
import { listOf, pageQuery } from '../lists/index.js';
import { PeriodQuery } from './requests.js';
import { AccountItem, StatementItem } from './responses.js';

const BOTH = ['asc', 'desc'] as const;

export const ACCOUNTS = listOf(AccountItem, {
  id: 'accountId',
  filters: ['accountId', 'sellerKind', 'sellerId', 'buyerKind', 'buyerId', 'documents'],
  orders: { accountId: BOTH },
  example: 'buyerKind = "project" AND documents > 0',
});
/** `GET /accounts` */
export const AccountsQuery = pageQuery(ACCOUNTS);
export type AccountsQuery = z.infer<typeof AccountsQuery>;

export const STATEMENTS = listOf(StatementItem, {
  id: 'statementId',
  filters: ['statementId', 'kind', 'number', 'from', 'until', 'currency', 'issuedAt'],
  orders: { number: BOTH },
  example: 'kind = "statement" AND until <= "2026-12-31"',
});
/** `GET /accounts/{a}/statements` */
export const StatementsQuery = pageQuery(STATEMENTS).extend(PeriodQuery);
export type StatementsQuery = z.infer<typeof StatementsQuery>;
