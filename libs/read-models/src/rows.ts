import type { DataSource, EntityManager } from 'typeorm';

/** The name of a column and its PostgreSQL type. */
export type Columns = Readonly<Record<string, string>>;
export type Row = Readonly<Record<string, unknown>>;

/** Whether a query finds anything, without a transaction: for a worker that nearly always finds nothing to do. */
export async function findsAny(dataSource: DataSource, sql: string, parameters?: unknown[]): Promise<boolean> {
  const rows: unknown[] = await dataSource.query(sql, parameters);
  return rows.length > 0;
}

/** Rows per statement. */
const ROWS_PER_STATEMENT = 10_000;

const NEEDS_ESCAPE = /["\\]/;

function elementOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return NEEDS_ESCAPE.test(value) ? `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"` : `"${value}"`;
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      if (value === null || value === undefined) return 'NULL';
      if (value instanceof Date) return `"${value.toISOString()}"`;
      throw new TypeError(`no plain value: ${JSON.stringify(value)}`);
  }
}

/**
 * A PostgreSQL array of plain values (texts, numbers, booleans, dates), as a parameter. The driver would write it as well, several times
 * slower: it prepares each element for itself.
 */
export const arrayOf = (values: readonly unknown[]): string => `{${values.map(elementOf).join(',')}}`;

/** `unnest($1::text[], ...) AS given (a, ...)` */
const unnest = (columns: Columns): string => {
  const arrays = Object.values(columns).map((type, i) => `$${i + 1}::${type}[]`);
  return `unnest(${arrays.join(', ')}) AS given (${Object.keys(columns).join(', ')})`;
};

/**
 * Runs a statement on rows given as arrays, one for each column: `statement` gets the `FROM` expression `given`. Rows keep their order,
 * thousands in one round trip.
 */
export async function onRows(
  tx: EntityManager,
  columns: Columns,
  rows: readonly Row[],
  statement: (given: string) => string,
): Promise<void> {
  const sql = statement(unnest(columns));
  for (let from = 0; from < rows.length; from += ROWS_PER_STATEMENT) {
    const part = rows.slice(from, from + ROWS_PER_STATEMENT);
    await tx.query(
      sql,
      Object.keys(columns).map((name) => arrayOf(part.map((row) => row[name]))),
    );
  }
}

/** Inserts rows; where `key` names columns, an existing row takes the new values of the other columns except `keep`. */
export async function insertRows(
  tx: EntityManager,
  table: string,
  columns: Columns,
  rows: readonly Row[],
  upsert?: { readonly key: readonly string[]; readonly keep: readonly string[] },
): Promise<void> {
  const names = Object.keys(columns);
  const changed = names.filter((name) => !upsert?.key.includes(name) && !upsert?.keep.includes(name));
  const conflict = upsert
    ? `ON CONFLICT (${upsert.key.join(', ')}) DO UPDATE SET ${changed.map((name) => `${name} = excluded.${name}`).join(', ')}`
    : '';
  await onRows(
    tx,
    columns,
    rows,
    (given) => `INSERT INTO ${table} (${names.join(', ')}) SELECT ${names.join(', ')} FROM ${given} ${conflict}`,
  );
}

/** The last row of each key: a statement must not see one row twice. */
export const lastOf = <R extends Row>(rows: readonly R[], key: readonly (keyof R & string)[]): R[] => [
  ...new Map(rows.map((row) => [key.map((name) => row[name]).join('\n'), row])).values(),
];
