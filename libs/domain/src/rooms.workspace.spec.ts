import { describe, expect, it } from '@jest/globals';
import { cycleIn } from '@allotree/testing/import-cycle';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The rooms of licensing: a file imports from its own room and from those named here. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  model: [],
  limits: ['model'],
  time: ['model', 'limits'],
  queries: ['model', 'limits', 'time'],
  commands: ['model', 'limits', 'time'],
};

/** The relative imports of each file, by path. */
type Imports = ReadonlyMap<string, readonly string[]>;

const IS_HELPER = /\.(spec|fixture|harness)\.ts$/;
const IMPORT = /(?:from|import) '(\.[^']*)\.js'/g;

const importsOf = (path: string, text: string): string[] =>
  [...text.matchAll(IMPORT)].map(([, target]) => `${join(dirname(path), target!)}.ts`);

function importsIn(folder: string): Imports {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !IS_HELPER.test(path))
    .sort();
  return new Map(files.map((path) => [path, importsOf(path, readFileSync(join(folder, path), 'utf8'))]));
}

const roomOf = (path: string): string | undefined => /^licensing\/(\w+)\//.exec(path)?.[1];

/** The imports of a room that lead to a room it may not know, or out of the rooms to the aggregate. */
function upwardImports(imports: Imports): string[] {
  return [...imports].flatMap(([path, targets]) => {
    const room = roomOf(path);
    if (room === undefined) return [];
    const known = [room, ...(ROOMS[room] ?? [])];
    return targets
      .filter((target) => target.startsWith('licensing/') && !known.includes(roomOf(target) ?? 'aggregate'))
      .map((target) => `${path} -> ${target}`);
  });
}

/** The same imports between areas (top-level folders), the files beside them left out. */
function areasOf(imports: Imports): Imports {
  const areas = new Map<string, string[]>();
  const areaOf = (path: string): string | null => (path.includes('/') ? path.slice(0, path.indexOf('/')) : null);
  for (const [path, targets] of imports) {
    const area = areaOf(path);
    if (area === null) continue;
    const others = targets.map(areaOf).filter((other) => other !== null && other !== area) as string[];
    areas.set(area, [...(areas.get(area) ?? []), ...others]);
  }
  return areas;
}

describe('the imports of the domain', () => {
  const imports = importsIn(import.meta.dirname);

  it('never lead from a room of licensing to a higher one', () => {
    expect(imports.size).toBeGreaterThan(60);
    expect(upwardImports(imports)).toEqual([]);
  });

  it('make no cycle between files', () => {
    expect(cycleIn(imports)).toEqual([]);
  });

  it('make no cycle between areas', () => {
    expect(cycleIn(areasOf(imports))).toEqual([]);
  });

  it.each([
    ['a lower room', 'licensing/model/state.ts', "import { a } from '../time/use.js';"],
    ['a neighboring room', 'licensing/queries/quota.ts', "import type { a } from '../commands/decide.js';"],
    ['a room', 'licensing/model/state.ts', "export { a } from '../project.aggregate.js';"],
  ])('would be found to lead up from %s', (_from, path, text) => {
    expect(upwardImports(new Map([[path, importsOf(path, text)]]))).toHaveLength(1);
  });

  it('would be found to make a cycle', () => {
    const cyclic = new Map([
      ['a.ts', importsOf('a.ts', "import { b } from './x/b.js';")],
      ['x/b.ts', importsOf('x/b.ts', "import {\n  c,\n} from '../y/c.js';")],
      ['y/c.ts', importsOf('y/c.ts', "import { a } from '../a.js';\nexport * from '../x/b.js';")],
    ]);
    expect(cycleIn(cyclic)).toEqual(['a.ts', 'x/b.ts', 'y/c.ts', 'a.ts']);
    expect(cycleIn(areasOf(cyclic))).toEqual(['x', 'y', 'x']);
  });
});
