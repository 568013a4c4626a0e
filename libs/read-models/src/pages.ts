import type { Order, Page, PageOf } from '@allotree/contracts';
import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { Problem } from '@allotree/http';

const MAX_ORDINAL = 2n ** 63n - 1n;

/** A page of a list in one of its orders. */
export type OrderedPage = Page & { readonly orderBy: Order };

interface Ordinal {
  readonly ordinal: string;
}

/** How rows are placed in an order, and a cursor that is the place of the last row of a page. */
interface Keys<Row> {
  /** Columns of the row; the last one is unique. */
  readonly columns: readonly string[];
  /** Their values in a row. */
  readonly cursorOf: (row: Row) => string;
  /** `null`: not a cursor of this order. */
  readonly placeOf: (cursor: string) => readonly unknown[] | null;
}

const encode = (text: string): string => Buffer.from(text).toString('base64url');
const decode = (cursor: string): string => Buffer.from(cursor, 'base64url').toString();

const isOrdinal = (text: string): boolean => /^\d{1,19}$/.test(text) && BigInt(text) <= MAX_ORDINAL;

const BY_ORDINAL: Keys<Ordinal> = {
  columns: ['row.ordinal'],
  cursorOf: ({ ordinal }) => encode(ordinal),
  placeOf: (cursor) => (isOrdinal(decode(cursor)) ? [decode(cursor)] : null),
};

const BY_TIME: Keys<Ordinal & { readonly at: Date }> = {
  columns: ['row.at', 'row.ordinal'],
  cursorOf: ({ at, ordinal }) => encode(`${at.getTime()}_${ordinal}`),
  placeOf: (cursor) => {
    const [, millis, ordinal] = /^(\d{1,15})_(\d{1,19})$/.exec(decode(cursor)) ?? [];
    return millis === undefined || !isOrdinal(ordinal ?? '') ? null : [new Date(Number(millis)), ordinal];
  },
};

const BY_NAME: Keys<Ordinal & { readonly name: string }> = {
  columns: ['row.name', 'row.ordinal'],
  cursorOf: ({ name, ordinal }) => encode(`${ordinal}=${name}`),
  placeOf: (cursor) => {
    const [, ordinal, name] = /^(\d{1,19})=(.*)$/s.exec(decode(cursor)) ?? [];
    return name === undefined || !isOrdinal(ordinal ?? '') ? null : [name, ordinal];
  },
};

/** One page of a query whose rows are named `row` and have an `ordinal`, in the order of the ordinals or against it. */
export const pageOfRows = <Row extends ObjectLiteral & Ordinal, Item>(
  query: SelectQueryBuilder<Row>,
  page: OrderedPage,
  show: (row: Row) => Item,
): Promise<PageOf<Item>> => pageBy(BY_ORDINAL, query, page, show);

/** The same by `at`, which has millisecond precision; ties are ordered by `ordinal`. */
export const pageByTime = <Row extends ObjectLiteral & Ordinal & { at: Date }, Item>(
  query: SelectQueryBuilder<Row>,
  page: OrderedPage,
  show: (row: Row) => Item,
): Promise<PageOf<Item>> => pageBy(BY_TIME, query, page, show);

/** The same by `name` where the order asks for it; ties are ordered by `ordinal`. */
export const pageOfNamedRows = <Row extends ObjectLiteral & Ordinal & { name: string }, Item>(
  query: SelectQueryBuilder<Row>,
  page: OrderedPage,
  show: (row: Row) => Item,
): Promise<PageOf<Item>> => pageBy(page.orderBy.by === 'name' ? BY_NAME : BY_ORDINAL, query, page, show);

async function pageBy<Row extends ObjectLiteral, Item>(
  keys: Keys<Row>,
  query: SelectQueryBuilder<Row>,
  { limit, cursor, orderBy }: OrderedPage,
  show: (row: Row) => Item,
): Promise<PageOf<Item>> {
  const isAscending = orderBy.direction === 'asc';
  if (cursor !== undefined) goOnAfter(query, keys, placeOf(keys, cursor), isAscending ? '>' : '<');
  for (const column of keys.columns) query.addOrderBy(column, isAscending ? 'ASC' : 'DESC');
  const rows = await query.take(limit + 1).getMany();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { items: page.map(show), nextCursor: rows.length > limit && last ? keys.cursorOf(last) : null };
}

function placeOf<Row>({ placeOf }: Keys<Row>, cursor: string): readonly unknown[] {
  const place = placeOf(cursor);
  if (place === null)
    throw Problem.validation('cursor', 'must be the nextCursor of an earlier answer in the same order');
  return place;
}

function goOnAfter<Row extends ObjectLiteral>(
  query: SelectQueryBuilder<Row>,
  { columns }: Pick<Keys<Row>, 'columns'>,
  place: readonly unknown[],
  beyond: '<' | '>',
): void {
  const names = columns.map((_, index) => `place${index}`);
  query.andWhere(
    `(${columns.join(', ')}) ${beyond} (${names.map((name) => `:${name}`).join(', ')})`,
    Object.fromEntries(names.map((name, index) => [name, place[index]])),
  );
}
