import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { workbench, type RunningSystem } from '@allotree/testing/running-system';

const MINUTE = 60_000;
const MOST_BYTES = 2_000_000;
const root = resolve(import.meta.dirname, '../../..');
const run = promisify(execFile);

describe('the package of the command line', () => {
  let bench: Awaited<ReturnType<typeof workbench>>;
  let system: RunningSystem;
  let folder: string;
  let tarball: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'allotree-package-'));
    const arguments_ = ['pack', '-w', '@allotree/cli', '--pack-destination', folder, '--json', '--silent'];
    const { stdout } = await run('npm', arguments_, { cwd: root });
    const [packed] = JSON.parse(stdout.slice(stdout.indexOf('['))) as [{ filename: string }];
    tarball = join(folder, packed.filename);
    bench = await workbench();
    system = await bench.start();
  }, 5 * MINUTE);
  afterAll(async () => {
    await bench.clear();
    await rm(folder, { recursive: true, force: true });
  }, MINUTE);

  it(
    'is small, installs without a registry into an empty folder, and works there',
    async () => {
      expect((await stat(tarball)).size).toBeLessThan(MOST_BYTES);
      const empty = join(folder, 'empty');
      await run('mkdir', [empty]);
      await writeFile(join(empty, 'package.json'), '{}');
      await run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], { cwd: empty });
      const env = { PATH: process.env['PATH'] ?? '', HOME: empty, DATA_DIR: bench.dataDir, NODE_PATH: '' };
      const allotree = async (...args: string[]): Promise<string> =>
        (await run(join(empty, 'node_modules/.bin/allotree'), args, { cwd: empty, env })).stdout;
      const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
      expect(await allotree('--version')).toBe(`${version}\n`);
      expect(await allotree('--help')).toContain('Usage: allotree [options] [command]');
      await system.api.post('/partners', {
        name: 'Nordlicht',
        kind: 'distributor',
        administrator: { name: 'Ada Berg', email: 'ada@nordlicht.example' },
      });
      expect(await allotree('list', 'partners', '--output', 'csv')).toContain('Nordlicht');
      expect(await allotree('list', 'projects', '--output', 'json')).toBe('[]\n');
      // These load the rest of the bundle.
      expect(await allotree('dlq', 'list', '--topic', 'groups.events.v1')).toBe('No dead letters.\n');
      expect(await allotree('sql', 'list', '--output', 'json')).toBe('[]\n');
      expect(await allotree('statements', 'verify', '--recompute', '--output', 'json')).toBe('[]\n');
      const file = await readFile(join(empty, 'node_modules/@allotree/cli/bundle/LICENSES.txt'), 'utf8');
      expect(file).toMatch(/^commander \d/m);
    },
    3 * MINUTE,
  );
});
