import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { groupTreeAggregate } from './hierarchy/index.js';
import { projectWithEveryFact } from './licensing/every-fact.fixture.js';
import { projectAggregate } from './licensing/project.aggregate.js';
import { STOCK_EVENTS, TREE_EVENTS } from './snapshots.fixture.js';
import { partnerStockAggregate } from './stock/index.js';

const FOLDER = `${import.meta.dirname}/golden-snapshots`;

interface Snapshotting<State> {
  readonly version: number;
  encode(state: State): unknown;
  decode(json: unknown): State;
}

/** One file for each version, written by the code of that version: a file is added, never edited. */
const goldenOf = (name: string): ReadonlyMap<number, unknown> =>
  new Map(
    readdirSync(FOLDER)
      .filter((file) => file.startsWith(`${name}.v`))
      .map((file) => [Number(/\.v(\d+)\./.exec(file)![1]), JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8'))]),
  );

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function itKeepsItsSnapshots<State>(name: string, snapshot: Snapshotting<State>, state: State): void {
  const golden = goldenOf(name);

  it('writes the golden snapshot of its version, and reads it', () => {
    expect(plain(snapshot.encode(state))).toEqual(golden.get(snapshot.version));
    expect(plain(snapshot.encode(snapshot.decode(golden.get(snapshot.version))))).toEqual(golden.get(snapshot.version));
  });

  it('has a golden snapshot of another form for every earlier version, so the runtime ignores it', () => {
    for (const [version, earlier] of golden) {
      expect(version).toBeLessThanOrEqual(snapshot.version);
      if (version !== snapshot.version) expect(plain(snapshot.encode(state))).not.toEqual(earlier);
    }
  });
}

describe('the snapshot of a project', () => {
  itKeepsItsSnapshots('project', projectAggregate.snapshot, projectWithEveryFact().state);

  it('does not depend on the order of the words in the code', () => {
    const snapshot = projectAggregate.snapshot;
    const golden = goldenOf('project').get(snapshot.version);
    expect(plain(snapshot.encode(snapshot.decode(withWordsReversed(golden))))).toEqual(golden);
  });
});

describe('the snapshot of a group tree', () => {
  const tree = TREE_EVENTS.map(({ type, data }) => groupTreeAggregate.decode(type, data)).reduce(
    groupTreeAggregate.evolve,
    groupTreeAggregate.initial(),
  );
  itKeepsItsSnapshots('group-tree', groupTreeAggregate.snapshot, tree);

  it('does not depend on the order of the group types in the code', () => {
    const { snapshot } = groupTreeAggregate;
    const golden = goldenOf('group-tree').get(snapshot.version) as { groupTypes: string[]; types: number[] };
    const last = golden.groupTypes.length - 1;
    const reversed = {
      ...golden,
      groupTypes: [...golden.groupTypes].reverse(),
      types: golden.types.map((type) => last - type),
    };
    expect(plain(snapshot.encode(snapshot.decode(reversed)))).toEqual(golden);
  });
});

describe("the snapshot of a partner's stock", () => {
  const stock = STOCK_EVENTS.map(({ type, data }) => partnerStockAggregate.decode(type, data)).reduce(
    partnerStockAggregate.evolve,
    partnerStockAggregate.initial(),
  );
  itKeepsItsSnapshots('partner-stock', partnerStockAggregate.snapshot, stock);
});

type Row = unknown[];
interface ProjectSnapshot {
  readonly words: Readonly<Record<'groupTypes' | 'licenseTypes' | 'resources' | 'features', readonly string[]>>;
  readonly groups: readonly Row[];
  readonly restrictions: readonly Row[];
  readonly assignments: readonly Row[];
  readonly memberLimits: readonly Row[];
  readonly billing: { readonly meter: { readonly of: readonly Row[] } };
}

/** The same snapshot as code with all words the other way round would have written it. */
function withWordsReversed(snapshot: unknown): unknown {
  const { words, groups, restrictions, assignments, memberLimits, billing, ...rest } = snapshot as ProjectSnapshot;
  const turn = (list: keyof typeof words) => (index: unknown) => words[list].length - 1 - (index as number);
  const bits = (set: unknown) =>
    words.features.reduce(
      (all, _, index) => all | (((set as number) >> index) & 1 ? 1 << turn('features')(index) : 0),
      0,
    );
  const units = (row: unknown) => [...(row as Row)].reverse();
  const at = (row: Row, changes: Readonly<Record<number, (value: unknown) => unknown>>): Row =>
    row.map((value, index) => changes[index]?.(value) ?? value);
  const allotment = (row: Row) => at(row, { 1: turn('licenseTypes'), 2: units, 3: bits });
  return {
    ...rest,
    words: Object.fromEntries(Object.entries(words).map(([list, of]) => [list, [...of].reverse()])),
    groups: groups.map((row) => at(row, { 2: turn('groupTypes') })),
    restrictions: restrictions.map((row) => at(row, { 5: (rows) => (rows as Row[]).map(allotment) })),
    assignments: assignments.map((row) => at(row, { 2: turn('resources') })),
    memberLimits: memberLimits.map((row) => at(row, { 2: units, 3: bits })),
    billing: { ...billing, meter: { ...billing.meter, of: [...billing.meter.of].reverse() } },
  };
}
