import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runBuilt } from '@allotree/testing/running-system';
import { EXIT } from './exit-codes.js';
import { runCli, wordsOf, type Ran } from './terminal.harness.js';

const FIXTURES = join(import.meta.dirname, '../fixtures/dumps');
const CUSTOM = join(FIXTURES, 'custom.dump');
const SIGINT_EXIT = 130;

describe('allotree backup check', () => {
  let folder: string;
  let temporary: string;
  let plain: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'allotree-backups-'));
    temporary = join(folder, 'temporary');
    await mkdir(temporary);
    plain = gunzipSync(await readFile(join(FIXTURES, 'plain.sql.gz'))).toString();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const check = async (dump: string, options = ''): Promise<Ran> => {
    const ran = await runCli(wordsOf(`backup check --dump ${dump} --temp-dir ${temporary} ${options}`.trim()), {});
    expect(await readdir(temporary)).toEqual([]);
    return ran;
  };
  const written = async (content: string): Promise<string> => {
    const path = join(folder, 'dump.sql');
    await writeFile(path, content);
    return path;
  };

  it('says up to where a dump is restorable, and removes what a killed check left behind', async () => {
    await mkdir(join(temporary, 'allotree-backup-check-999999999-abc'));
    expect(await check(CUSTOM)).toEqual({
      code: EXIT.done,
      stdout: 'restorable up to position 1611661313, instant 2026-11-29T21:45:52.768Z\n',
      stderr: expect.stringContaining('events read: 39, streams: 11, findings: 0'),
    });
    const sample = await check(await written(plain), '--streams 2 --output json');
    expect([sample.code, JSON.parse(sample.stdout)]).toEqual([
      EXIT.done,
      {
        restorable: true,
        format: 'plain',
        serverVersion: '18.4',
        pgDumpVersion: '18.6',
        rowChecksums: false,
        sha256: false,
        streams: 2,
        events: expect.any(Number),
        position: '1611661313',
        instant: '2026-11-29T21:45:52.768Z',
        withoutDataChecksum: 0,
        findings: [],
      },
    ]);
  });

  it('finds a byte that was changed in the data of an event, also without checksums', async () => {
    const changed = plain.replace('"name":"Building A"', '"name":"Building B"');
    expect(changed).not.toBe(plain);
    const { code, stdout } = await check(await written(changed));
    expect([code, stdout]).toEqual([EXIT.failed, expect.stringContaining('EVENT_CHANGED')]);
    expect(stdout).toMatch(/^not restorable as it is: \d+ findings$/m);
  });

  it('says what cannot be restored, and why', async () => {
    const dumps: [string, RegExp][] = [
      [
        plain.replace('CREATE TABLE events.snapshot', 'CREATE TABLES events.snapshot'),
        /cannot be restored: syntax error/,
      ],
      [plain.replaceAll('events.event', 'events.other'), /the dump lacks events.event. It is of another database/],
      [plain.replace(/^(COPY groups.account .*\n)[^]*?^\\\.\n/m, ''), /the dump lacks the rows of groups.account/],
      [plain.replace('version 18.4', 'version 19.1'), /made of PostgreSQL 19.1, and this check restores into 18/],
      [plain.slice(0, -1), /the dump is cut off/],
    ];
    for (const [dump, message] of dumps)
      expect(await check(await written(dump))).toEqual({
        code: EXIT.failed,
        stdout: '',
        stderr: expect.stringMatching(message),
      });
    expect((await check(CUSTOM, '--streams 0')).stderr).toContain('must be a whole number from 1.');
  });

  it('removes what it made when it is interrupted', async () => {
    const running = runBuilt('cli', ['backup', 'check', '--dump', CUSTOM, '--temp-dir', temporary], {});
    await new Promise<void>((resolve) =>
      running.child.stderr?.on('data', () => running.output().includes('restoring') && resolve()),
    );
    running.child.kill('SIGINT');
    expect(await running.ended).toEqual({ code: SIGINT_EXIT, output: expect.stringContaining('SIGINT: removing') });
    expect(await readdir(temporary)).toEqual([]);
  });
});
