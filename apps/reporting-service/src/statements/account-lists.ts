import { Injectable } from '@nestjs/common';
import {
  ACCOUNTS,
  STATEMENTS,
  type AccessFilter,
  type AccountItem,
  type AccountsQuery,
  type Direction,
  type Filter,
  type PageOf,
  type StatementItem,
  type StatementsQuery,
} from '@allotree/contracts';
import { Problem, type Principal } from '@allotree/http';
import { PermissionChecker, TenantRows } from '@allotree/identity';
import { columnsOf, filterSql, type FilterColumns } from '@allotree/read-models';
import type { EntityManager } from 'typeorm';
import { REPORTING } from '../tokens.js';
import { accountItem, ACCOUNT_ITEMS, type AccountItemRow } from './account.js';

const ACCOUNT_COLUMNS = columnsOf(ACCOUNTS.filters, {
  accountId: 'row.account_id',
  sellerKind: 'row.seller_kind',
  sellerId: 'row.seller_id',
  buyerKind: 'row.buyer_kind',
  buyerId: 'row.buyer_id',
});

const STATEMENT_COLUMNS = columnsOf(STATEMENTS.filters, {
  statementId: 'row.document_id',
  from: 'row.from_at',
  until: 'row.until_at',
  issuedAt: 'row.issued_at',
});

interface StatementRow {
  readonly document_id: string;
  readonly kind: StatementItem['kind'];
  readonly number: number;
  readonly from_at: Date;
  readonly until_at: Date;
  readonly currency: string | null;
  readonly total: string | null;
  readonly hash: string;
  readonly issued_at: Date;
}

/** Builds a condition with its parameters. */
class Conditions {
  readonly parameters: unknown[] = [];
  private readonly all: string[] = [];

  bind = (value: unknown): string => `$${this.parameters.push(value)}`;

  add(condition: string): void {
    this.all.push(condition);
  }

  addFilter<Name extends string>(filter: Filter<Name> | undefined, columns: FilterColumns<Name>): void {
    if (filter !== undefined) this.add(filterSql(filter, columns, this.bind));
  }

  get sql(): string {
    return this.all.length === 0 ? 'true' : this.all.map((one) => `(${one})`).join(' AND ');
  }
}

interface Page {
  readonly column: string;
  readonly after: string | number | undefined;
  readonly direction: Direction;
  readonly limit: number;
}

async function page<Row>(
  tx: EntityManager,
  rows: string,
  conditions: Conditions,
  { column, after, direction, limit }: Page,
): Promise<{ rows: Row[]; last: Row | undefined }> {
  const beyond = direction === 'asc' ? '>' : '<';
  if (after !== undefined) conditions.add(`${column} ${beyond} ${conditions.bind(after)}`);
  const found: Row[] = await tx.query(
    `SELECT * FROM (${rows}) AS row WHERE ${conditions.sql} ORDER BY ${column} ${direction} LIMIT ${limit + 1}`,
    conditions.parameters,
  );
  return { rows: found.slice(0, limit), last: found.length > limit ? found[limit - 1] : undefined };
}

/** The lists of accounts and of their documents, as a caller sees them. */
@Injectable()
export class AccountLists {
  constructor(
    private readonly rows: TenantRows,
    private readonly checker: PermissionChecker,
  ) {}

  async accounts(principal: Principal, query: AccountsQuery): Promise<PageOf<AccountItem>> {
    const access = await this.checker.accessFilter(principal, 'statements:read');
    const conditions = new Conditions();
    if (access !== null) addAccess(conditions, access);
    conditions.addFilter(query.filter, ACCOUNT_COLUMNS);
    const { limit, orderBy } = query;
    const place = { column: 'row.account_id', after: accountAt(query.cursor), limit, direction: orderBy.direction };
    const found = await this.rows.as(principal, 'statements:read', (tx) =>
      page<AccountItemRow>(tx, ACCOUNT_ITEMS, conditions, place),
    );
    return {
      items: found.rows.map(accountItem),
      nextCursor: found.last ? Buffer.from(found.last.account_id).toString('base64url') : null,
    };
  }

  /** The documents of an account that the caller sees. */
  async statements(principal: Principal, accountId: string, query: StatementsQuery): Promise<PageOf<StatementItem>> {
    const conditions = new Conditions();
    conditions.add(`row.account_id = ${conditions.bind(accountId)}`);
    if (query.period !== undefined) {
      const at = conditions.bind(new Date(query.period));
      conditions.add(`row.from_at <= ${at} AND ${at} < row.until_at`);
    }
    conditions.addFilter(query.filter, STATEMENT_COLUMNS);
    const { limit, orderBy } = query;
    const place = { column: 'row.number', after: numberOf(query.cursor), limit, direction: orderBy.direction };
    const found = await this.rows.as(principal, 'statements:read', (tx) =>
      page<StatementRow>(tx, `SELECT * FROM ${REPORTING}.document`, conditions, place),
    );
    return { items: found.rows.map(statementItem), nextCursor: found.last?.number.toString() ?? null };
  }
}

/** Account ids have a colon, and cursors have none. */
const accountAt = (cursor: string | undefined): string | undefined =>
  cursor === undefined ? undefined : Buffer.from(cursor, 'base64url').toString();

function numberOf(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  if (!/^\d{1,9}$/.test(cursor)) throw Problem.validation('cursor', 'must be the nextCursor of an earlier answer');
  return Number(cursor);
}

/** Accounts of sellers and buyers at whose place, or above it, the permission is held. */
function addAccess(conditions: Conditions, { tenantIds, partnerIds, groups }: AccessFilter): void {
  const roots = groups.filter(({ projectId, groupId }) => projectId === groupId).map(({ projectId }) => projectId);
  const [tenants, partners] = [conditions.bind(tenantIds), conditions.bind(partnerIds)];
  conditions.add(
    `row.tenant_id = ANY (${tenants}) OR row.seller_id = ANY (${partners}) OR row.partner_id = ANY (${partners})
     OR (row.buyer_kind = 'project' AND row.buyer_id = ANY (${conditions.bind(roots)}))`,
  );
}

const statementItem = (row: StatementRow): StatementItem => ({
  statementId: row.document_id,
  kind: row.kind,
  number: row.number,
  from: row.from_at.toISOString(),
  until: row.until_at.toISOString(),
  currency: row.currency,
  total: row.total,
  hash: row.hash,
  issuedAt: row.issued_at.toISOString(),
});
