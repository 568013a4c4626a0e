import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogFile } from './log-file.js';

describe('the log file', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'allotree-log-'));
    path = join(folder, 'allotree.log');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const line = (number: number): string => `${JSON.stringify({ number, text: 'x'.repeat(980) })}\n`;

  it('is rotated while it is written, keeps a bounded number of files, and is for the owner alone', async () => {
    const log = new LogFile({ path, bytes: 10_000, files: 2, report: () => undefined });
    for (let number = 0; number < 100; number += 1) {
      log.write(line(number));
      // As requests do: each in its own turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await log.close();
    const names = (await readdir(folder)).sort();
    expect(names).toEqual(['allotree.log', 'allotree.log.1', 'allotree.log.2']);
    const text = (await Promise.all([...names].reverse().map((name) => readFile(join(folder, name), 'utf8')))).join('');
    const numbers = text
      .trimEnd()
      .split('\n')
      .map((json) => (JSON.parse(json) as { number: number }).number);
    expect(numbers.at(-1)).toBe(99);
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] as number) + index));
    for (const name of names) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  });

  it('loses lines while the disk is full, says how many, and goes on when there is space', async () => {
    let isFull = true;
    const written: string[] = [];
    const open = () =>
      new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          if (isFull) return done(Object.assign(new Error('no space left'), { code: 'ENOSPC' }));
          written.push(chunk.toString());
          done();
        },
      });
    const reports: string[] = [];
    const said = new EventTarget();
    const report = (message: string): void => {
      reports.push(message);
      said.dispatchEvent(new Event('report'));
    };
    const next = () => new Promise((resolve) => said.addEventListener('report', resolve, { once: true }));
    const log = new LogFile({ path, bytes: 10_000, files: 2, report, open, retryMs: 1 });
    const failed = next();
    log.write('first\n');
    await failed;
    isFull = false;
    const recovered = next();
    log.write('second\n');
    await recovered;
    await log.close();
    expect(reports).toEqual(['the log cannot be written (ENOSPC)', 'the log can be written again; 1 lines were lost']);
    expect(written).toEqual(['second\n']);
  });

  it('ends although nothing can be written', async () => {
    const open = () => new Writable({ write: (_chunk, _encoding, done) => done(new Error('no space left')) });
    const log = new LogFile({ path: '/dev/full', bytes: 10_000, files: 2, report: () => undefined, open });
    log.write('first\n');
    log.write('second\n');
    await log.close();
  });
});
