import type { PoolClient } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { DataSource, EntityManager } from 'typeorm';
import type { ExportColumn } from './datasets.js';

const NEW_LINE = 0x0a;

/** A spreadsheet would compute what begins with one of these: those of csv-stringify. */
const FORMULA = String.raw`'^[-=+@\t\r\uFF1D\uFF0B\uFF0D\uFF20]'`;
const harmless = (text: string): string => `CASE WHEN ${text} ~ ${FORMULA} THEN '''' || ${text} ELSE ${text} END`;

/** The expression of a column with its values as texts, as every format of an export has them. */
export function csvExpression({ type }: ExportColumn, expression: string): string {
  switch (type) {
    case 'text':
      return harmless(`(${expression})`);
    case 'json':
      return `(${expression})::text`;
    case 'instant':
      return `to_char((${expression})::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
    case 'boolean':
      return `(${expression})::text`;
    case 'integer':
    case 'number':
      return expression;
  }
}

/**
 * The rows of a statement without parameters as CSV, in the pieces in which PostgreSQL sends them: it writes them several times faster than
 * this process would, which keeps none.
 * @param take gets the bytes, and how many lines end in them
 * @returns the number of rows
 */
export async function copyCsv(
  dataSource: DataSource,
  tx: EntityManager,
  sql: string,
  take: (bytes: Buffer, lines: number) => Promise<void>,
): Promise<number> {
  const client = (await tx.queryRunner?.connect()) as PoolClient | undefined;
  if (!client) throw new Error('rows are copied in a transaction');
  const [backend]: { pid: number }[] = await tx.query('SELECT pg_backend_pid() AS pid');
  const stream = client.query(copyTo(`COPY (${sql}) TO STDOUT (FORMAT csv, HEADER)`));
  let refusal: { readonly error: unknown } | null = null;
  try {
    for await (const bytes of stream as AsyncIterable<Buffer>) {
      // The connection can do nothing else before all of it is read.
      if (refusal !== null) continue;
      try {
        await take(bytes, linesIn(bytes));
      } catch (error) {
        refusal = { error };
        await dataSource.query('SELECT pg_cancel_backend($1)', [backend?.pid]);
      }
    }
  } catch (error) {
    throw refusal === null ? error : refusal.error;
  }
  if (refusal !== null) throw refusal.error;
  return stream.rowCount;
}

function linesIn(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(NEW_LINE); at !== -1; at = bytes.indexOf(NEW_LINE, at + 1)) lines += 1;
  return lines;
}
