import type { Page, PageOf } from '@allotree/contracts';
import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { Problem } from '../http/problem.js';

const MAX_ORDINAL = 2n ** 63n - 1n;

/** A cursor is the ordinal of the last row of the page before. */
const cursorOf = (ordinal: string): string => Buffer.from(ordinal).toString('base64url');

const ordinalOf = (cursor: string): string => {
  const ordinal = Buffer.from(cursor, 'base64url').toString('latin1');
  if (!/^\d{1,19}$/.test(ordinal) || BigInt(ordinal) > MAX_ORDINAL) {
    throw Problem.validation('cursor', 'must be the nextCursor of an earlier answer');
  }
  return ordinal;
};

const ORDERS = {
  oldestFirst: { direction: 'ASC', beyond: 'row.ordinal > :last' },
  newestFirst: { direction: 'DESC', beyond: 'row.ordinal < :last' },
} as const;

/** One page of a query whose rows are named `row` and have an `ordinal`, in that order or the other way round. */
export async function pageOfRows<Row extends ObjectLiteral & { ordinal: string }, Item>(
  query: SelectQueryBuilder<Row>,
  { limit, cursor }: Page,
  show: (row: Row) => Item,
  order: keyof typeof ORDERS = 'oldestFirst',
): Promise<PageOf<Item>> {
  const { direction, beyond } = ORDERS[order];
  if (cursor !== undefined) query.andWhere(beyond, { last: ordinalOf(cursor) });
  const rows = await query
    .orderBy('row.ordinal', direction)
    .take(limit + 1)
    .getMany();
  const page = rows.slice(0, limit);
  const last = page[page.length - 1];
  return { items: page.map(show), nextCursor: rows.length > limit && last ? cursorOf(last.ordinal) : null };
}
