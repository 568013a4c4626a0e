import { describe, expect, it } from '@jest/globals';
import { strToU8, zipSync } from 'fflate';
import { readXlsx } from './read-xlsx.js';
import { groupsOfTable } from './table-to-groups.js';
import { workbook } from './workbook.fixture.js';
import { MAX_CELLS, MAX_UNPACKED } from './xlsx-parts.js';

const read = (bytes: Buffer, sheet?: string) => readXlsx('groups.xlsx', bytes, sheet);

/** 31 December 2026 in days since the beginning of 1900. */
const END_OF_2026 = 46_387;
const DAYS_BETWEEN_1900_AND_1904 = 1_462;
const dateCell = (days: number): string => `<c s="1"><v>${days}</v></c>`;

describe('a workbook', () => {
  it('is read as a table with the rows of the sheet, and without empty rows', async () => {
    const cells = { A1: 'path', B1: 'sip_number', A2: 'A / 1', B2: 20, A4: ' A / Süd & 2 ', B4: 0.5 };
    expect(await read(workbook({ Groups: cells }))).toEqual({
      headers: ['path', 'sip_number'],
      rows: [
        { row: 2, cells: ['A / 1', '20'] },
        { row: 4, cells: ['A / Süd & 2', '0.5'] },
      ],
      detected: 'sheet Groups, 2 rows',
      formulas: [],
      mistakes: [],
    });
  });

  it('keeps dates as days, which count in the zone of the project, in both date systems', async () => {
    const cells = (days: number) => ({
      A1: 'path',
      B1: 'valid_until',
      A2: 'A',
      B2: dateCell(days),
      A3: 'B',
      B3: dateCell(days + 0.5),
    });
    const rows = [
      { row: 2, cells: ['A', '2026-12-31'] },
      { row: 3, cells: ['B', '2026-12-31 12:00:00'] },
    ];
    expect((await read(workbook({ S: cells(END_OF_2026) }))).rows).toEqual(rows);
    const since1904 = cells(END_OF_2026 - DAYS_BETWEEN_1900_AND_1904);
    const table = await read(workbook({ S: since1904 }, { isFrom1904: true }));
    expect(table.rows).toEqual(rows);
    const { mistakes } = groupsOfTable(table, {}, () => undefined);
    expect(mistakes).toMatchObject([{ row: 3, column: 'valid_until', code: 'INVALID_DATE' }]);
  });

  it('gives the value that a formula had when it was saved, and says so; without one, or with an error, it is a mistake', async () => {
    const cells = {
      A1: 'path',
      B1: 'sip_number',
      A2: '<c t="str"><f>"A / "&amp;1</f><v>A / 1</v></c>',
      B2: '<c><f>SUM(4,5)</f><v>9</v></c>',
      A3: 'B',
      B3: '<c><f>1+1</f></c>',
      A4: 'C',
      B4: '<c t="e"><f>1/0</f><v>#DIV/0!</v></c>',
    };
    const { rows, formulas, mistakes } = await read(workbook({ S: cells }));
    expect(rows[0]).toEqual({ row: 2, cells: ['A / 1', '9'] });
    expect(formulas).toEqual([
      { row: 2, column: 'path', value: 'A / 1' },
      { row: 2, column: 'sip_number', value: '9' },
    ]);
    expect(mistakes.map(({ row, column, code, message }) => [row, column, code, message])).toEqual([
      [3, 'sip_number', 'FORMULA', 'is a formula, and the file does not keep its value'],
      [4, 'sip_number', 'FORMULA', 'is the error #DIV/0!'],
    ]);
  });

  it('is read from the sheet that is named, else refused with the names of its sheets', async () => {
    const bytes = workbook({ Notes: { A1: 'x' }, Groups: { A1: 'path', A2: 'A' } });
    expect((await read(bytes)).headers).toEqual(['x']);
    expect((await read(bytes, 'Groups')).headers).toEqual(['path']);
    await expect(read(bytes, 'groups')).rejects.toThrow('groups.xlsx: there is no sheet groups; it has Notes, Groups');
  });

  it.each([
    ['is no archive', Buffer.from('path,key\nA,1\n'), /is no workbook that can be read/],
    ['has no sheet', Buffer.from(zipSync({ 'a.xml': strToU8('<a/>') })), /has no sheet/],
    [
      'has cells far apart',
      workbook({ S: { A1: 'path', XFD1048576: 'x' } }),
      /spread over 1048576 rows and 16384 columns/,
    ],
  ])('is refused where it %s, and nothing is sent', async (_what, bytes, says) => {
    expect(MAX_CELLS).toBeLessThan(1_048_576 * 16_384);
    await expect(read(bytes)).rejects.toThrow(says);
    await expect(read(bytes)).rejects.toThrow(/^nothing was sent:\ngroups\.xlsx:1:1: /);
  });

  it('is refused before it is unpacked where it says that it is too large', async () => {
    const bytes = workbook({ S: { A1: 'path' } });
    // The size of the last file, in the directory at the end of the archive.
    const entry = bytes.lastIndexOf(Buffer.from('PK\u0001\u0002', 'latin1'));
    bytes.writeUInt32LE(MAX_UNPACKED + 1, entry + 24);
    await expect(read(bytes)).rejects.toThrow('unpacks to more than 512 MB');
  });

  it('never unpacks to more than it says', async () => {
    const bytes = workbook({ S: { A1: 'path', A2: 'x'.repeat(100_000) } });
    const entry = bytes.lastIndexOf(Buffer.from('PK\u0001\u0002', 'latin1'));
    bytes.writeUInt32LE(10, entry + 24);
    await expect(read(bytes)).rejects.toThrow(/is no workbook that can be read/);
  });
});
