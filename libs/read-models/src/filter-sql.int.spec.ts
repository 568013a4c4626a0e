import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { filterFields, IsoInstant, matches, parseFilter } from '@allotree/contracts';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import fc from 'fast-check';
import pg from 'pg';
import { z } from 'zod';
import { filterSql } from './filter-sql.js';

const Item = z.object({
  name: z.string(),
  note: z.string().nullable(),
  status: z.enum(['active', 'expired', 'revoked']),
  reason: z.enum(['fire', 'flood']).nullable(),
  consumed: z.int(),
  limit: z.int().nullable(),
  custom: z.boolean(),
  shared: z.boolean().nullable(),
  createdAt: IsoInstant,
  endedAt: IsoInstant.nullable(),
  features: z.array(z.string()),
});
type Item = z.infer<typeof Item>;

const NAMES = Object.keys(Item.shape) as (keyof Item)[];
const fields = filterFields(Item, NAMES);
const COLUMNS = Object.fromEntries(NAMES.map((name) => [name, `"${name}"`])) as Record<keyof Item, string>;

/** Few values, so that filters and rows often meet; among them all that SQL or a pattern could take for its own. */
const TEXTS = [
  '',
  'a',
  'A',
  'Unit 7',
  'unit',
  'UNI',
  "'",
  '"',
  '\\',
  '%',
  '_',
  '\\%',
  ';--',
  '$1',
  ':a',
  'Ä',
  'ä',
  'İ',
  'i',
  'ΟΔΟΣ',
  'οδος',
  'ς',
  '😀',
];
const INTEGERS = [-1, 0, 1, 2, 10, 2_147_483_647];
const MILLIS = [
  '2026-06-01T00:00:00Z',
  '2026-05-31T23:59:59.999Z',
  '2026-06-01T12:00:00.001Z',
  '2026-06-02T00:00:00Z',
].map(Date.parse);
const INSTANTS = [
  ...MILLIS.map((at) => new Date(at).toISOString()),
  ...['2026-06-01', '2026-06-01T02:00:00+02:00', '0000-01-01', '9999-12-31', '9999-12-31T23:59:59-12:00'],
];

const text = fc.constantFrom(...TEXTS);
const instant = fc.constantFrom(...MILLIS).map((at) => new Date(at).toISOString());
const orNull = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { freq: 3 });

const row: fc.Arbitrary<Item> = fc.record({
  name: text,
  note: orNull(text),
  status: fc.constantFrom(...Item.shape.status.options),
  reason: orNull(fc.constantFrom('fire' as const, 'flood' as const)),
  consumed: fc.constantFrom(...INTEGERS),
  limit: orNull(fc.constantFrom(...INTEGERS)),
  custom: fc.boolean(),
  shared: orNull(fc.boolean()),
  createdAt: instant,
  endedAt: orNull(instant),
  features: fc.array(text, { maxLength: 3 }),
});

const quoted = (value: string): string => `"${value.replace(/["\\]/g, (one) => `\\${one}`)}"`;
const anyOf = (values: readonly unknown[]) => fc.constantFrom(...values.map(String));
const comparison = (names: readonly string[], operators: readonly string[], value: fc.Arbitrary<string>) =>
  fc.tuple(fc.constantFrom(...names), fc.constantFrom(...operators), value).map((parts) => parts.join(' '));

const EQUAL = ['=', '!='];
const ORDER = [...EQUAL, '<', '<=', '>', '>='];
const leaf = fc.oneof(
  comparison(['name', 'note'], [...EQUAL, ':'], text.map(quoted)),
  comparison(['status'], EQUAL, anyOf(Item.shape.status.options).map(quoted)),
  comparison(['reason'], EQUAL, anyOf(['fire', 'flood']).map(quoted)),
  comparison(['consumed', 'limit'], ORDER, anyOf([...INTEGERS, Number.MAX_SAFE_INTEGER])),
  comparison(['custom', 'shared'], EQUAL, anyOf([true, false])),
  comparison(['createdAt', 'endedAt'], ORDER, anyOf(INSTANTS).map(quoted)),
  comparison(['features'], [':'], text.map(quoted)),
  comparison(['note', 'reason', 'limit', 'shared', 'endedAt'], EQUAL, fc.constant('null')),
);

const { filter } = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    leaf,
    tie('filter').map((part) => `NOT (${part})`),
    fc
      .tuple(fc.constantFrom(' AND ', ' OR '), fc.array(tie('filter'), { minLength: 2, maxLength: 3 }))
      .map(([joiner, parts]) => parts.map((part) => `(${part})`).join(joiner)),
  ),
}));

describe('a filter in SQL', () => {
  let database: TestDatabase;
  let client: pg.Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    client = new pg.Client({ connectionString: database.connectionString });
    await client.connect();
    await client.query(`CREATE TEMPORARY TABLE item (place integer PRIMARY KEY, name text NOT NULL, note text, status text NOT NULL,
      reason text, consumed integer NOT NULL, "limit" bigint, custom boolean NOT NULL, shared boolean,
      "createdAt" timestamptz NOT NULL, "endedAt" timestamptz, features text[] NOT NULL)`);
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  const keep = async (rows: readonly Item[]): Promise<void> => {
    await client.query('TRUNCATE item');
    const placed = rows.map((one, place) => ({ place, ...one }));
    await client.query('INSERT INTO item SELECT * FROM jsonb_populate_recordset(NULL::item, $1)', [
      JSON.stringify(placed),
    ]);
  };

  const placesOf = async (written: string): Promise<number[]> => {
    const values: unknown[] = [];
    const condition = filterSql(parseFilter(written, fields), COLUMNS, (value) => `$${values.push(value)}`);
    const found = await client.query<{ place: number }>({
      text: `SELECT place FROM item WHERE ${condition} ORDER BY place`,
      values,
    });
    const negated = await client.query(`SELECT FROM item WHERE (${condition}) IS NULL`, values);
    expect(negated.rowCount).toBe(0);
    return found.rows.map(({ place }) => place);
  };

  it('selects the rows that it selects in memory', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 10, maxLength: 40 }),
        fc.array(filter, { minLength: 20, maxLength: 20 }),
        async (rows, filters) => {
          await keep(rows);
          for (const written of filters) {
            const read = parseFilter(written, fields);
            const selected = rows.flatMap((one, place) => (matches(read, one) ? [place] : []));
            expect([written, await placesOf(written)]).toEqual([written, selected]);
          }
        },
      ),
      { numRuns: Number(process.env['MODEL_RUNS'] ?? 100) },
    );
  });

  it('compares instants to the millisecond that answers show', async () => {
    await client.query('TRUNCATE item');
    await client.query(
      `INSERT INTO item VALUES (1, '', NULL, 'active', NULL, 0, NULL, true, NULL, '2026-06-01T08:00:00.123456Z', NULL, '{}')`,
    );
    expect(await placesOf('createdAt = "2026-06-01T08:00:00.123Z"')).toEqual([1]);
    expect(await placesOf('createdAt > "2026-06-01T08:00:00.123Z"')).toEqual([]);
  });
});
