import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CODE_FOLDERS, filesBelow } from './files-below.mjs';

const root = resolve(import.meta.dirname, '..');
const specs = CODE_FOLDERS.flatMap((folder) => filesBelow(root, folder)).filter((file) => file.endsWith('.spec.ts'));

const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

/** What writes a file, or starts a process or a server. */
const WRITES_OR_STARTS = /\b(?:mkdtemp|writeFile|spawn|execFile|fork|createServer)(?:Sync)?\(/;
/** A test of its own, a suite that a library keeps for several implementations, or the tester of lint rules. */
const TEST = /\b(?:it|test)(?:\.\w+)*[(<]|Contract\(|\bdescribe\w*\(|\b\w+\.run\(/;

describe('a file that is called a spec', () => {
  it('is run: it is a unit, workspace, int, e2e or cluster spec', () => {
    expect(specs.filter((file) => !/\.(unit|workspace|int|e2e|cluster)\.spec\.ts$/.test(file))).toEqual([]);
  });

  it('contains a test', () => {
    expect(specs.filter((file) => !TEST.test(textOf(file)))).toEqual([]);
  });
});

describe('a unit spec', () => {
  it('writes no file and starts neither a process nor a server', () => {
    const unit = specs.filter((file) => file.endsWith('.unit.spec.ts'));
    expect(unit.length).toBeGreaterThan(100);
    expect(unit.filter((file) => WRITES_OR_STARTS.test(textOf(file)))).toEqual([]);
  });
});

describe('the helpers of specs', () => {
  it('are in no build', () => {
    const { targetDefaults } = JSON.parse(readFileSync(join(root, 'nx.json'), 'utf8')) as {
      targetDefaults: { build: { options: { command: string } } };
    };
    const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');
    for (const kind of ['spec', 'fixture', 'harness']) {
      expect(targetDefaults.build.options.command).toContain(`**/*.${kind}.ts`);
      expect(ignored).toContain(`**/*.${kind}.ts`);
    }
  });
});
