import { describe, expect, it } from '@jest/globals';
import { decodeText, readCsv, separatorOf } from './read-csv.js';
import { groupsOfTable } from './table-to-groups.js';

const table = (text: string) => readCsv('groups.csv', Buffer.from(text));
const imported = (text: string, map: Record<string, string> = {}) => groupsOfTable(table(text), map, () => undefined);
const mistakesIn = (text: string) =>
  imported(text).mistakes.map(({ row, column, code, suggestion }) => `${row} ${column} ${code} ${suggestion ?? '-'}`);

describe('a table', () => {
  it.each([
    [Buffer.from('Süd'), 'utf-8'],
    [Buffer.from('\ufeffSüd'), 'utf-8'],
    [Buffer.from('\ufeffSüd', 'utf16le'), 'utf-16le'],
    [Buffer.from('Süd', 'latin1'), 'windows-1252'],
  ])('is decoded by its mark, else as UTF-8 where it is that: %#', (bytes, encoding) => {
    expect(decodeText(bytes)).toEqual({ text: 'Süd', encoding });
  });

  it.each([
    ['path,key', ','],
    ['path;key;type', ';'],
    ['path\tkey', '\t'],
    ['"a,b,c";key', ';'],
    ['path', ','],
  ])('is separated by what its first line has most of: %s', (line, separator) => {
    expect(separatorOf(`${line}\nx`)).toBe(separator);
  });

  it('that is broken is refused with its line, and nothing is sent', () => {
    expect(() => table('path,key\n"A,1\n')).toThrow(/nothing was sent:\ngroups\.csv:\d+:/);
    expect(() => table('path,key\nA,1,2\n')).toThrow(/groups\.csv:2:/);
  });
});

describe('a cell that begins as a formula', () => {
  it('gives its value where it has one, and is reported; a formula that has to be computed is a mistake', () => {
    const { rows, formulas, mistakes } = table(
      ['path,key,sip_number', '"=""A / 1""",="007",=5', '- B,@K,+7', 'C,x,=SUM(A1:A2)', "'=D,'+1,8"].join('\n'),
    );
    expect(rows.map(({ cells }) => cells)).toEqual([
      ['A / 1', '007', '5'],
      ['- B', '@K', '7'],
      ['C', 'x', ''],
      ['=D', '+1', '8'],
    ]);
    expect(formulas.map(({ row, column, value }) => `${row} ${column} ${value}`)).toEqual([
      '2 path ="A / 1"',
      '2 key ="007"',
      '2 sip_number =5',
      '3 path - B',
      '3 key @K',
      '3 sip_number +7',
    ]);
    expect(mistakes).toMatchObject([{ row: 4, column: 'sip_number', value: '=SUM(A1:A2)', code: 'FORMULA' }]);
  });
});

describe('the groups of a table', () => {
  it('hang by their columns or paths, with what the row says about limits', () => {
    const { groups, mistakes } = imported(
      'Building;Unit;key;sip_number;mobile_app;features;valid_until\nA;;EA;80;unlimited;siri|elevators;2026-12-31\nA;1;;;;;\n',
    );
    expect(mistakes).toEqual([]);
    const units = { sip_number: 80, mobile_app: null, ukey2: 0 };
    const allotments = [{ units, features: ['siri', 'elevators'], validUntil: '2026-12-31' }];
    const unit = { name: '1', type: 'unit', groups: [] };
    expect(groups).toEqual([{ name: 'A', type: 'building', key: 'EA', restriction: { allotments }, groups: [unit] }]);
    const byPath = imported('path,type\nA / 1 / Door,custom\n');
    expect(byPath.groups[0]?.groups[0]?.groups[0]).toEqual({ name: 'Door', type: 'custom', groups: [] });
    expect([...byPath.rowOf]).toEqual([['A / 1 / Door', 2]]);
  });

  it('keep the types of groups that are there, where the row names none', () => {
    const read = groupsOfTable(table('path\nA / B\n'), {}, () => 'custom');
    expect(read.groups[0]).toMatchObject({ type: 'custom', groups: [{ type: 'custom' }] });
  });

  it('take columns by other names', () => {
    expect(imported('Object,ERP\nA,7\n', { path: 'object', key: 'ERP' }).groups[0]?.key).toBe('7');
  });

  it('name all mistakes of all rows at once', () => {
    const text = [
      'path,type,key,sip_number,features,valid_until',
      'A,barn,K,x,sir,2026-02-31',
      'B,unt,K,-1,,31.12.2026',
      'C,unit,L,,,',
      'c,unit,L,1.5,,',
      ',unit,,,,',
      'D / ,unit,,,,',
    ].join('\n');
    expect(mistakesIn(text)).toEqual([
      '2 type UNKNOWN_TYPE -',
      '2 sip_number INVALID_NUMBER unlimited',
      '2 features UNKNOWN_FEATURE siri',
      '2 valid_until INVALID_DATE -',
      '3 type UNKNOWN_TYPE unit',
      '3 sip_number INVALID_NUMBER unlimited',
      '3 valid_until INVALID_DATE -',
      '5 path DUPLICATE_PATH -',
      '5 sip_number INVALID_NUMBER unlimited',
      '5 key DUPLICATE_KEY -',
      '6 path NO_NAME -',
      '7 path NO_NAME -',
    ]);
    expect(mistakesIn('pth,kye\nA,1\n')).toEqual([
      '1 pth UNKNOWN_COLUMN path',
      '1 kye UNKNOWN_COLUMN key',
      '1  NO_PATH --map path=...',
    ]);
  });
});
