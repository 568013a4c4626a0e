import { chmod, mkdir, mkdtemp, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StartError } from '@allotree/basics/start-error';
import { reachableCopy } from './reachable-copy.js';

const ACCOUNT = { uid: 65_534, gid: 65_534 };

describe('reachableCopy', () => {
  let folder: string;
  let source: string;
  let place: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'allotree-copy-'));
    await chmod(folder, 0o755);
    source = join(folder, 'native');
    place = join(folder, 'place');
    await mkdir(join(source, 'bin'), { recursive: true, mode: 0o700 });
    await mkdir(join(source, 'lib'), { mode: 0o700 });
    await writeFile(join(source, 'bin', 'postgres'), '#!/bin/sh', { mode: 0o700 });
    await writeFile(join(source, 'lib', 'libpq.so.5.18'), 'library', { mode: 0o600 });
    await symlink('libpq.so.5.18', join(source, 'lib', 'libpq.so'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

  it('copies programs and libraries so that every account can use them', async () => {
    const copy = await reachableCopy(ACCOUNT, source, '18.4', [place]);
    expect(copy).toBe(join(place, 'postgres-18.4'));
    expect(await Promise.all(['.', 'bin', 'bin/postgres'].map((name) => modeOf(join(copy, name))))).toEqual(
      new Array(3).fill(0o755),
    );
    expect(await modeOf(join(copy, 'lib', 'libpq.so.5.18'))).toBe(0o644);
    expect(await readlink(join(copy, 'lib', 'libpq.so'))).toBe('libpq.so.5.18');
  });

  it('reuses a complete copy and replaces an incomplete one', async () => {
    const copy = await reachableCopy(ACCOUNT, source, '18.4', [place]);
    const made = (await stat(copy)).ino;
    await reachableCopy(ACCOUNT, source, '18.4', [place]);
    expect((await stat(copy)).ino).toBe(made);
    await writeFile(join(copy, 'bin', 'postgres'), '');
    await reachableCopy(ACCOUNT, source, '18.4', [place]);
    expect(await readFile(join(copy, 'bin', 'postgres'), 'utf8')).toBe('#!/bin/sh');
  });

  it('runs nothing out of a folder that others can write to', async () => {
    await mkdir(place);
    await chmod(place, 0o777);
    const other = join(folder, 'other');
    expect(await reachableCopy(ACCOUNT, source, '18.4', [place, other])).toBe(join(other, 'postgres-18.4'));
    const refused = reachableCopy(ACCOUNT, source, '18.4', [place]);
    await expect(refused).rejects.toBeInstanceOf(StartError);
    await expect(refused).rejects.toThrow('others can write to it');
  });
});
