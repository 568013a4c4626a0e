import type pg from 'pg';

/** Values of required columns by type; `n` is the number of the row. */
const STANDARD: Readonly<Record<string, string>> = {
  text: "'spec ' || n",
  uuid: 'gen_random_uuid()',
  bytea: 'sha256(n::text::bytea)',
  boolean: 'false',
  integer: 'n',
  bigint: 'n',
  json: "'{}'",
  jsonb: "'{}'",
  ARRAY: "'{}'",
  'timestamp with time zone': 'now()',
};

/**
 * Adds rows to a table, numbered from 1.
 * @param values of some columns, in SQL; the others that need a value get one of their type
 */
export async function fill(
  pool: pg.Pool,
  table: string,
  rows: number,
  values: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { rows: columns } = await pool.query<{ name: string; type: string }>(
    `SELECT column_name AS name, data_type AS type FROM information_schema.columns
     WHERE table_schema || '.' || table_name = $1 AND is_nullable = 'NO' AND column_default IS NULL
       AND is_identity = 'NO' AND is_generated = 'NEVER'`,
    [table],
  );
  const needed = columns.map(({ name, type }) => [name, STANDARD[type] ?? 'NULL'] as const);
  const all = Object.entries({ ...Object.fromEntries(needed), ...values });
  const names = all.map(([name]) => `"${name}"`).join(', ');
  const sources = all.map(([, sql]) => sql).join(', ');
  await pool.query(`INSERT INTO ${table} (${names}) SELECT ${sources} FROM generate_series(1, ${rows}) AS n`);
}
