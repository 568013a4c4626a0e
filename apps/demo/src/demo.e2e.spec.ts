import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runBuilt, workbench, type Ended, type RunningSystem } from '@allotree/testing/running-system';

const MINUTES = 60_000;

describe('npm run demo', () => {
  let bench: Awaited<ReturnType<typeof workbench>>;
  let system: RunningSystem;
  let scratch: string;
  beforeAll(async () => {
    bench = await workbench();
    scratch = await mkdtemp(join(tmpdir(), 'allotree-demo-'));
    system = await bench.start({ ADMIN_PASSWORD: 'correct horse battery' });
  }, 2 * MINUTES);
  afterAll(async () => {
    await bench.clear();
    await rm(scratch, { recursive: true, force: true });
  }, 2 * MINUTES);

  const demo = (args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
    runBuilt('demo', args, { DATA_DIR: bench.dataDir, ...env }).ended;

  it(
    'applies the worked example and shows the refusals it names',
    async () => {
      const { code, output } = await demo();
      expect(output).toMatch(
        /With a reserved pool.*\n.*LIMIT_EXCEEDED: 50 asked for, 30 available, limited by Building A 80/,
      );
      expect(output).toMatch(
        /The 81st virtual number.*\n.*LIMIT_EXCEEDED: 1 asked for, 0 available, limited by Building A 80/,
      );
      expect(output).toMatch(/Unit 1 for a month longer.*\n.*PERIOD_OUTSIDE_PARENT: .*limited by Building A/);
      expect(output).toMatch(
        /60 mobile apps and only 50.*\n.*SIP_BELOW_MOBILE: 50 virtual numbers cannot carry 60 mobile apps/,
      );
      expect(output).toMatch(/│ {3}Building A +│ active +│ 80 of 80, 0 free +│ 55 of 60/);
      expect(output).toMatch(/│ {3}Building B +│ active +│ 10 of 126, 36 free/);
      expect(output).toContain('8 refused as expected.');
      expect(code).toBe(0);
    },
    2 * MINUTES,
  );

  it(
    'changes nothing the second time',
    async () => {
      const { code, output } = await demo();
      expect(output).toMatch(/^0 done, \d+ already so, 7 refused as expected\.$/m);
      expect(output).not.toMatch(/^ {3}\+ /m);
      expect(code).toBe(0);
    },
    MINUTES,
  );

  it(
    'takes a file, an address and a password',
    async () => {
      const args = ['--file', 'examples/house.yaml', '--url', `${system.url}/`, '--password', 'correct horse battery'];
      const { code, output } = await demo(args, { DATA_DIR: scratch });
      expect(output).toContain('generated 203 groups');
      expect(output).toContain('3 refused as expected.');
      expect(code).toBe(0);
      expect((await demo(args)).output).toMatch(/^0 done/m);
    },
    2 * MINUTES,
  );

  it(
    'changes nothing when the same names are spelled otherwise: decomposed, with other blanks, capitals and separators',
    async () => {
      const text = (serialNumber: string) => `
title: Süd
partners:
  - name: Händler Süd
    kind: distributor
    administrator: { name: Zoë Müller, email: zoe@münchen.example }
    packages: [{ name: Größe 10, units: { sip_number: 10, mobile_app: 10 } }]
project:
  name: Höfe
  partner: Händler Süd
  licenses: [{ from: Händler Süd, package: Größe 10, units: { sip_number: 5, mobile_app: 5 } }]
  groups: [{ name: Gebäude A, type: building }]
devices: [{ group: Gebäude A, serialNumber: '${serialNumber}', model: AA-12 }]
assignments: [{ group: Gebäude A, resource: sip_number, count: 2, label: 'Tür {n}' }]
`;
      const apply = async (content: string): Promise<string> => {
        const file = join(scratch, 'names.yaml');
        await writeFile(file, content);
        const { code, output } = await demo(['--file', file]);
        expect(code).toBe(0);
        return output;
      };
      expect(await apply(text('nfd-1').normalize('NFD'))).not.toMatch(/^0 done/m);
      for (const again of [
        text('nfd-1').normalize('NFD'),
        text('NFD1').normalize('NFC'),
        text('N.F.D:1').replaceAll('Händler Süd', 'HÄNDLER  SÜD').replaceAll('Größe', 'GRÖSSE').normalize('NFD'),
      ])
        expect(await apply(again)).toMatch(/^0 done/m);
    },
    2 * MINUTES,
  );

  it.each<[what: string, args: string[], says: RegExp]>([
    ['a wrong password', ['--password', 'wrong'], /401 UNAUTHENTICATED/],
    ['a file that is not there', ['--file', 'examples/none.yaml'], /examples\/none.yaml cannot be read \(ENOENT\)/],
    [
      'nobody at the address',
      ['--url', 'http://127.0.0.1:1', '--password', 'x'],
      /nothing answers at http:\/\/127.0.0.1:1/,
    ],
    ['an address without a password', ['--url', 'http://127.0.0.1:1'], /a password is needed for http:\/\/127.0.0.1:1/],
  ])(
    'says what is wrong with %s',
    async (_what, args, says) => {
      const { code, output } = await demo(args);
      expect(code).toBe(1);
      expect(output).toMatch(says);
      expect(output).not.toContain('at async');
    },
    MINUTES,
  );

  it(
    'sends nothing from a file with a mistake in it',
    async () => {
      const file = join(scratch, 'wrong.yaml');
      await writeFile(file, 'title: Wrong\npartners: []\nproject: { name: X, partner: Nobody }\n');
      const { code, output } = await demo(['--file', file]);
      expect(code).toBe(1);
      expect(output).toMatch(/nothing was sent:\n.*wrong.yaml:2:1: partners: must contain the partner of the project/);
    },
    MINUTES,
  );

  it(
    'says so when nothing runs on the data folder',
    async () => {
      const { code, output } = await demo([], { DATA_DIR: scratch });
      expect(code).toBe(1);
      expect(output).toContain('Start it with `npm start`');
    },
    MINUTES,
  );
});
