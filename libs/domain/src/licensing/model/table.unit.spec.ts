import { describe, expect, it } from '@jest/globals';
import { GroupRows } from './rows.js';
import { DraftTable, LiveTable, addTo, takeFrom, type Table } from './table.js';

interface Row {
  parentId: null;
  name: string;
}
const row = (name: string): Row => ({ parentId: null, name });
const copy = (of: Row): Row => ({ ...of });
const drafted = (below: Table<Row>): Table<Row> => new DraftTable(below, copy);

/** The tables of groups hold the same rows here; what is in a row does not matter to a table. */
const live = {
  'a live table': () => new LiveTable<Row>(),
  'the table of groups': () => new GroupRows().groups as unknown as Table<Row>,
  'the table of use': () => new GroupRows().usage as unknown as Table<Row>,
  'the table of restrictions': () => new GroupRows().restrictions as unknown as Table<Row>,
} as const;
const tables = Object.entries(live).flatMap(([name, make]) => [
  [name, make] as const,
  [`a draft of ${name}`, () => drafted(make())] as const,
  [`a draft of a draft of ${name}`, () => drafted(drafted(make()))] as const,
]);

function filled(table: Table<Row>): Table<Row> {
  for (const id of ['c', 'a', 'b']) table.put(id, row(id));
  return table;
}

describe.each(tables)('%s', (_name, make) => {
  it('finds the rows that were put, in the order in which they were', () => {
    const table = filled(make());
    expect([...table.entries()]).toStrictEqual([
      ['c', row('c')],
      ['a', row('a')],
      ['b', row('b')],
    ]);
    expect([table.size, table.has('a'), table.get('a'), table.edit('a')]).toStrictEqual([3, true, row('a'), row('a')]);
  });

  it('has no row that was not put', () => {
    const table = filled(make());
    expect([table.has('x'), table.get('x'), table.edit('x')]).toStrictEqual([false, undefined, undefined]);
  });

  it('keeps the place of a row that is put again', () => {
    const table = filled(make());
    table.put('c', row('C'));
    expect([...table.entries()].map(([id, { name }]) => [id, name])).toStrictEqual([
      ['c', 'C'],
      ['a', 'a'],
      ['b', 'b'],
    ]);
    expect(table.size).toBe(3);
  });

  it('shows a row that is edited as it is now', () => {
    const table = filled(make());
    table.edit('a')!.name = 'A';
    expect(table.get('a')).toStrictEqual(row('A'));
  });

  it('has nothing left of a row that is removed', () => {
    const table = filled(make());
    table.remove('a');
    table.remove('a');
    table.remove('x');
    expect([table.size, table.has('a'), table.get('a'), table.edit('a')]).toStrictEqual([
      2,
      false,
      undefined,
      undefined,
    ]);
    expect([...table.entries()].map(([id]) => id)).toStrictEqual(['c', 'b']);
  });
});

describe.each(Object.entries(live))('a draft of %s', (_name, make) => {
  it('has the rows below it, those it changed instead of theirs, and then those it added', () => {
    const below = filled(make());
    const table = drafted(below);
    table.put('d', row('d'));
    table.put('e', row('e'));
    table.remove('e');
    table.remove('c');
    table.edit('a')!.name = 'A';
    expect([...table.entries()]).toStrictEqual([
      ['a', row('A')],
      ['b', row('b')],
      ['d', row('d')],
    ]);
    expect(table.size).toBe(3);
    expect([...below.entries()].map(([id, { name }]) => [id, name])).toStrictEqual([
      ['c', 'c'],
      ['a', 'a'],
      ['b', 'b'],
    ]);
    expect(below.size).toBe(3);
  });

  it('puts a row back that it removed', () => {
    const table = drafted(filled(make()));
    table.remove('a');
    table.put('a', row('again'));
    expect([table.size, table.get('a')]).toStrictEqual([3, row('again')]);
  });

  it('is changed as soon as a row is edited, put or removed, and what is below it never is', () => {
    const below = filled(make());
    const changes: readonly ((table: Table<Row>) => void)[] = [
      (table) => table.get('a'),
      (table) => table.edit('x'),
      (table) => table.edit('a'),
      (table) => table.put('a', row('a')),
      (table) => table.remove('a'),
    ];
    const changed = changes.map((change) => {
      const table = drafted(below);
      change(table);
      return table.isChanged;
    });
    expect(changed).toStrictEqual([false, false, true, true, true]);
    expect(below.isChanged).toBe(false);
  });
});

describe('a table of sets', () => {
  it('has a set from its first member to its last', () => {
    const table = new LiveTable<Set<string>>();
    addTo(table, 'a', 'x');
    addTo(table, 'a', 'y');
    expect(table.get('a')).toStrictEqual(new Set(['x', 'y']));
    takeFrom(table, 'a', 'x');
    expect(table.get('a')).toStrictEqual(new Set(['y']));
    takeFrom(table, 'a', 'y');
    expect(table.has('a')).toBe(false);
  });

  it('stays as it is where a member is taken from a set that does not exist', () => {
    const table = new LiveTable<Set<string>>();
    addTo(table, 'a', 'x');
    takeFrom(table, 'b', 'x');
    expect([...table.entries()]).toStrictEqual([['a', new Set(['x'])]]);
  });
});
