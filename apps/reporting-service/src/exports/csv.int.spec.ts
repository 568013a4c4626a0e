import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@allotree/testing';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { openDataSource } from '../persistence/data-source.js';
import { copyCsv, csvExpression } from './csv.js';
import type { ExportColumn } from './datasets.js';
import { encoderOf } from './encoders.js';

let database: TestDatabase;
let dataSource: DataSource;
beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await openDataSource(database.connectionString);
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

const COLUMNS: readonly ExportColumn[] = [
  { name: 'number', type: 'integer' },
  { name: 'said', type: 'text' },
  { name: 'since', type: 'instant' },
  { name: 'flag', type: 'boolean' },
];

const copied = async (sql: string): Promise<string> => {
  const pieces: Buffer[] = [];
  await dataSource.transaction((tx) =>
    copyCsv(dataSource, tx, sql, async (bytes) => {
      pieces.push(bytes);
    }),
  );
  return Buffer.concat(pieces).toString();
};

describe('rows that PostgreSQL writes as CSV', () => {
  it('read like those that this process writes', async () => {
    const odd = fc.constantFrom(
      '',
      '=1+1',
      '+1',
      '-1',
      '@a',
      '\t=',
      '\r\n',
      'a"b',
      'a,b',
      'a\nb',
      ' a ',
      '＝1',
      '\\.',
      'NULL',
    );
    const text = fc.oneof(odd, fc.string({ unit: 'grapheme' })).filter((one) => !one.includes('\0'));
    const row = fc.record({
      number: fc.option(fc.integer({ min: -2_147_483_648, max: 2_147_483_647 })),
      said: fc.option(text),
      since: fc.option(fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })),
      flag: fc.option(fc.boolean()),
    });
    const selected = COLUMNS.map((column) => `${csvExpression(column, `row.${column.name}`)} AS ${column.name}`);
    await dataSource.query(
      'CREATE TABLE said (place integer, number integer, said text, since timestamptz, flag boolean)',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 20 }), async (rows) => {
        await dataSource.query('TRUNCATE said');
        await dataSource.query('INSERT INTO said SELECT * FROM jsonb_populate_recordset(NULL::said, $1)', [
          JSON.stringify(rows.map((one, place) => ({ place, ...one }))),
        ]);
        const encoder = encoderOf('csv', COLUMNS);
        const written = Buffer.concat([await encoder.write(rows), await encoder.end()]).toString();
        expect(parse(await copied(`SELECT ${selected.join(', ')} FROM said row ORDER BY place`))).toEqual(
          parse(written),
        );
      }),
      { numRuns: 50 },
    );
  });

  it('are counted, with their lines on the way', async () => {
    let lines = 0;
    const rows = await dataSource.transaction((tx) =>
      copyCsv(dataSource, tx, 'SELECT generate_series(1, 50000) AS n', async (_bytes, more) => {
        lines += more;
      }),
    );
    expect([rows, lines]).toEqual([50_000, 50_001]);
  });

  it('are read no further once they are not wanted, and leave a connection that works', async () => {
    const refused = new Error('not wanted');
    for (let n = 0; n < 10; n += 1) {
      const copying = dataSource.transaction((tx) =>
        copyCsv(dataSource, tx, 'SELECT generate_series(1, 1000000000) AS n', () => Promise.reject(refused)),
      );
      await expect(copying).rejects.toBe(refused);
    }
    expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('fail as the statement does', async () => {
    await expect(copied('SELECT 1 / (1000 - n) FROM generate_series(1, 2000) n')).rejects.toThrow('division by zero');
    expect(await copied('SELECT 1 AS one')).toBe('one\n1\n');
  });
});
