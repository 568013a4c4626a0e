import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import fc from 'fast-check';
import pg from 'pg';
import { arrayOf } from './rows.js';

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.connectionString });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

const read = async (type: string, values: readonly unknown[]): Promise<unknown> =>
  (await client.query<{ values: unknown }>(`SELECT $1::${type}[] AS values`, [arrayOf(values)])).rows[0]!.values;

describe('an array as a parameter', () => {
  it('has texts as they are', async () => {
    const odd = fc.constantFrom('', 'NULL', 'null', '"', '\\', '{', '}', ',', ' ', '\n', 'a "quoted" \\ one');
    // PostgreSQL has no texts with a zero character.
    const texts = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(fc.oneof(odd, texts))), async (values) => {
        expect(await read('text', values)).toEqual(values);
      }),
      { numRuns: 50 },
    );
  });

  it('has numbers, booleans and instants as they are', async () => {
    expect(await read('integer', [1, -2, null, undefined])).toEqual([1, -2, null, null]);
    expect(await read('bigint', [9_007_199_254_740_993n, '-1'])).toEqual(['9007199254740993', '-1']);
    expect(await read('boolean', [true, false])).toEqual([true, false]);
    const instants = [new Date('2026-03-29T01:30:00.123Z'), null, new Date('9999-12-31T23:59:59.999Z'), new Date(0)];
    expect(await read('timestamptz', instants)).toEqual(instants);
    expect(() => arrayOf([['a list']])).toThrow(TypeError);
  });
});
