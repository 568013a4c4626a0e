import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readXlsx } from './import/read-xlsx.js';
import { workbook, type Cells } from './import/workbook.fixture.js';
import { builtProgram, runBuilt, workbench, type RunningSystem } from '@allotree/testing/running-system';

const MINUTE = 60_000;
const EXAMPLE = resolve(import.meta.dirname, '../../../examples/pipeline');

const FILE = `project:
  name: Hafenblick
  restriction: { allotments: [{ units: { sip_number: 90 } }] }
  groups:
    - name: Building A
      type: building
      key: ERP-A
      restriction: { allotments: [{ units: { sip_number: 50 } }] }
      groups:
        - { name: Unit 1, type: unit, key: ERP-1 }
devices:
  - { group: Building A, serialNumber: HB-1, model: AA-12 }
assignments:
  - { group: Building A / Unit 1, resource: sip_number, count: 3, label: 'Panel {n}' }
`;

describe('allotree plan, apply, export, drift and import', () => {
  let bench: Awaited<ReturnType<typeof workbench>>;
  let system: RunningSystem;
  let folder: string;
  beforeAll(async () => {
    bench = await workbench();
    system = await bench.start();
    folder = await mkdtemp(join(tmpdir(), 'allotree-cli-'));
    const { api } = system;
    const administrator = { name: 'Ada Berg', email: 'ada@nordlicht.example' };
    const partner = { name: 'Nordlicht', kind: 'distributor', administrator };
    const { partnerId } = await api.post<{ partnerId: string }>('/partners', partner);
    const units = { sip_number: 100, mobile_app: 50 };
    const recorded = { name: 'Plus', units, features: ['siri'] };
    const { packageId } = await api.post<{ packageId: string }>(`/partners/${partnerId}/packages`, recorded);
    const { projectId } = await api.post<{ projectId: string }>('/projects', { name: 'Hafenblick', partnerId });
    await api.post(`/projects/${projectId}/licenses`, { type: 'plus', partnerId, packageId, units });
  }, 2 * MINUTE);
  afterAll(async () => {
    await bench.clear();
    await rm(folder, { recursive: true, force: true });
  }, MINUTE);

  const allotree = (...args: string[]) => runBuilt('cli', args, { DATA_DIR: bench.dataDir }).ended;
  const written = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  };

  it(
    'plans with exit code 2, applies, and then has nothing to do; the export plans as nothing',
    async () => {
      const file = await written('project.yaml', FILE);
      const planned = await allotree('plan', '-f', file);
      expect(planned.output).toContain('+ group Building A / Unit 1');
      expect(planned.output).toContain('+ assignment Building A / Unit 1 (3)');
      expect(planned.code).toBe(2);
      expect((await allotree('apply', '-f', file)).code).toBe(0);
      expect((await allotree('plan', '-f', file)).code).toBe(0);
      const { output } = await allotree('export', 'Hafenblick');
      const exported = await written('exported.yaml', output);
      expect((await allotree('drift', '-f', exported)).code).toBe(0);
      const renamed = await written(
        'renamed.yaml',
        FILE.replace('name: Unit 1', 'name: First').replace('Unit 1,', 'First,').replace('/ Unit 1', '/ First'),
      );
      expect((await allotree('plan', '-f', renamed)).output).toMatch(
        /^~ group Building A \/ First: name: Unit 1 -> First$/m,
      );
    },
    2 * MINUTE,
  );

  it(
    'sees drift in what the file does not name, and removes no more than is allowed',
    async () => {
      const file = await written('less.yaml', FILE.replace(/ {6}groups:\n.*\n/, '').replace(/assignments:[^]*/, ''));
      expect((await allotree('plan', '-f', file)).code).toBe(0);
      const drift = await allotree('drift', '-f', file);
      expect([drift.code, drift.output]).toEqual([2, expect.stringContaining('- group Building A / Unit 1')]);
      const refused = await allotree('apply', '-f', file, '--prune');
      expect([refused.code, refused.output]).toEqual([3, expect.stringContaining('--max-removals 1')]);
      expect((await allotree('drift', '-f', file)).code).toBe(2);
    },
    MINUTE,
  );

  it(
    'shows refusals by their places in the file, with exit code 3',
    async () => {
      const file = await written('much.yaml', FILE.replace('sip_number: 50', 'sip_number: 91'));
      const { code, output } = await allotree('apply', '-f', file);
      expect(output).toMatch(/x .*much\.yaml:5:7: Building A: LIMIT_EXCEEDED: .*90 at most/);
      expect(code).toBe(3);
    },
    MINUTE,
  );

  it.each([
    [
      'an unknown key',
      FILE.replace('key: ERP-A', 'kye: ERP-A'),
      /:7:7: project\.groups\[0\]\.kye: is not known here; did you mean "key"\?/,
    ],
    [
      'a key twice',
      FILE.replace('key: ERP-1', 'key: ERP-A'),
      /:10:39: project\.groups\[0\]\.groups\[0\]\.key: "ERP-A" is named twice/,
    ],
    [
      'a name twice',
      FILE.replace('groups:\n        -', 'groups:\n        - { name: UNIT  1, type: unit }\n        -'),
      /"Unit 1" is named twice/,
    ],
    [
      'a date that does not exist',
      FILE.replace('{ units: { sip_number: 50 } }', '{ units: {}, validUntil: 2026-02-31 }'),
      /:8:\d+: .*validUntil: must be a date/,
    ],
    ['broken YAML', 'project: [', /broken\.yaml:1:\d+/],
    ['more than 50 MB', `# ${'x'.repeat(50 * 1_024 * 1_024)}`, /:1:1: is larger than 50 MB/],
  ])(
    'sends nothing of a file with %s',
    async (_what, text, says) => {
      const { code, output } = await allotree('plan', '-f', await written('broken.yaml', text));
      expect(output).toContain('nothing was sent');
      expect(output).toMatch(says);
      expect(code).toBe(3);
    },
    MINUTE,
  );

  it(
    'imports a table: mistakes of all rows at once, then what the rules refuse by its rows, then only what differs',
    async () => {
      const failed = join(folder, 'failed.csv');
      const run = async (text: string, ...more: string[]) =>
        allotree('import', await written('groups.csv', text), '--project', 'Hafenblick', '--failed', failed, ...more);
      const wrong = await run('path;key;sip_number\nTower / 1;T1;x\nTower / 2;T1;2\n');
      expect(wrong.output).toContain('utf-8, separated by semicolon, 2 rows');
      expect(wrong.code).toBe(3);
      expect(await readFile(failed, 'utf8')).toBe(
        'path,key,sip_number,error\nTower / 1,T1,x,sip_number: is no whole number from 0\nTower / 2,T1,2,key: is the key of row 2\n',
      );
      const refused = await run('path;key;sip_number\nTower / 1;T1;20\nTower / 2;T2;999\n');
      expect([refused.code, refused.output]).toEqual([3, expect.stringMatching(/^3 +- +Tower \/ 2 +LIMIT_EXCEEDED/m)]);
      const right = 'path;key;sip_number\nTower / 1;T1;20\nTower / 2;T2;30\n';
      expect((await run(right)).code).toBe(2);
      expect((await run(right, '--apply')).code).toBe(0);
      expect((await run(right)).code).toBe(0);
      expect((await run(right.replace('30', '31'))).output).toMatch(/0 to create, 1 to update/);
    },
    2 * MINUTE,
  );

  it(
    'imports a sheet of a workbook as it does a CSV file, and writes a workbook of what is wrong',
    async () => {
      const failed = join(folder, 'failed.xlsx');
      const file = join(folder, 'groups.xlsx');
      const run = async (cells: Cells, ...more: string[]) => {
        await writeFile(file, workbook({ Notes: { A1: 'internal' }, Groups: cells }));
        const where = ['--project', 'Hafenblick', '--sheet', 'Groups', '--failed', failed];
        return allotree('import', file, ...where, ...more);
      };
      const head = { A1: 'path', B1: 'key', C1: 'sip_number' };
      const wrong = await run({ ...head, A2: 'Annex / 1', B2: 'X1', C2: 'many', A3: 'Annex / 2', B3: 'X2', C3: 3 });
      expect([wrong.code, wrong.output]).toEqual([3, expect.stringContaining('sheet Groups, 2 rows')]);
      const table = await readXlsx(failed, await readFile(failed));
      expect([table.headers, table.rows]).toEqual([
        ['path', 'key', 'sip_number', 'error'],
        [{ row: 2, cells: ['Annex / 1', 'X1', 'many', 'sip_number: is no whole number from 0'] }],
      ]);
      const right = { ...head, A2: 'Annex / 1', B2: 'X1', C2: '<c><f>1+1</f><v>2</v></c>' };
      const applied = await run(right, '--apply');
      expect([applied.code, applied.output]).toEqual([0, expect.stringContaining('row 2 sip_number: 2')]);
      expect((await run(right)).code).toBe(0);
      const other = await allotree('import', file, '--project', 'Hafenblick', '--sheet', 'Group');
      expect([other.code, other.output]).toEqual([3, expect.stringContaining('it has Notes, Groups')]);
    },
    2 * MINUTE,
  );

  it(
    'is what the example of a pipeline does, with an API key: plan on a pull request, apply on the main branch',
    async () => {
      const permissions = [
        'groups:manage',
        'devices:manage',
        'restrictions:manage',
        'assignments:manage',
        'projects:read',
      ];
      const [partner] = await system.api.list<{ partnerId: string }>('/partners');
      const body = { name: 'pipeline', permissions, tenantId: partner!.partnerId };
      const key = await system.api.post<{ keyId: string; secret: string }>('/api-keys', body);
      const env = {
        PATH: process.env['PATH'] ?? '',
        HOME: folder,
        ALLOTREE: `${process.execPath} ${builtProgram('cli')}`,
        ALLOTREE_SERVER: system.url,
        ALLOTREE_API_KEY: `${key.keyId}:${key.secret}`,
      };
      const shell = async (script: string, text: string): Promise<number> => {
        const file = await written('pipeline.yaml', text);
        const child = spawn(join(EXAMPLE, script), [file], { cwd: folder, env });
        return new Promise((done) => child.once('close', (code) => done(code ?? -1)));
      };
      const more = FILE.replace('name: Unit 1', 'name: Unit One').replace('/ Unit 1', '/ Unit One');
      expect(await shell('plan.sh', more)).toBe(0);
      expect(await readFile(join(folder, 'plan.txt'), 'utf8')).toContain('~ group Building A / Unit One');
      expect(await shell('plan.sh', FILE.replace('sip_number: 50', 'sip_number: 91'))).toBe(3);
      expect(await shell('apply.sh', more)).toBe(0);
      expect(await shell('plan.sh', more)).toBe(0);
      expect(await readFile(join(folder, 'plan.txt'), 'utf8')).toMatch(
        /^0 to create, 0 to update, 0 to move, 0 to remove/,
      );
    },
    2 * MINUTE,
  );
});
