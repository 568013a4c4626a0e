import type { Page, PageOf } from '@allotree/contracts';
import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { Problem } from '@allotree/http';

const MAX_ORDINAL = 2n ** 63n - 1n;

/** A cursor is the ordinal of the last row of the previous page. */
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

/** One page of a query whose rows are named `row` and have an `ordinal`, in ascending or descending order. */
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

/** A cursor of `pageByTime`: the instant of the last row, in milliseconds, and its ordinal. */
const placeOf = (cursor: string): { at: Date; ordinal: string } => {
  const [, millis, ordinal] = /^(\d{1,15})_(\d{1,19})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (millis === undefined || ordinal === undefined || BigInt(ordinal) > MAX_ORDINAL)
    throw Problem.validation('cursor', 'must be the nextCursor of an earlier answer');
  return { at: new Date(Number(millis)), ordinal };
};

/** One page of rows named `row`, the latest `at` first; `at` has millisecond precision, ties are ordered by `ordinal`. */
export async function pageByTime<Row extends ObjectLiteral & { at: Date; ordinal: string }, Item>(
  query: SelectQueryBuilder<Row>,
  { limit, cursor }: Page,
  show: (row: Row) => Item,
): Promise<PageOf<Item>> {
  if (cursor !== undefined) query.andWhere('(row.at, row.ordinal) < (:at, :ordinal)', placeOf(cursor));
  const rows = await query
    .orderBy('row.at', 'DESC')
    .addOrderBy('row.ordinal', 'DESC')
    .take(limit + 1)
    .getMany();
  const page = rows.slice(0, limit);
  const last = page[page.length - 1];
  const next = last && Buffer.from(`${last.at.getTime()}_${last.ordinal}`).toString('base64url');
  return { items: page.map(show), nextCursor: rows.length > limit && next ? next : null };
}
