import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyPassword } from '@allotree/identity';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DataFolder, DataFolderError } from './data-folder.js';
import { readLocalSignIn } from '@allotree/api-client';

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'allotree-data-'));
});
afterEach(() => rm(path, { recursive: true, force: true }));

const modeOf = async (file: string): Promise<number> => (await stat(join(path, file))).mode & 0o777;

describe('the data folder', () => {
  it('is made when it is not there', async () => {
    await DataFolder.open(join(path, 'a/b'));
    expect(await readdir(join(path, 'a/b'))).toEqual([]);
    expect(await modeOf('a/b')).toBe(process.platform === 'linux' ? 0o700 : 0o711);
  });

  it('closes a log that others could read', async () => {
    await writeFile(join(path, 'allotree.log.1'), '', { mode: 0o644 });
    await (await DataFolder.open(path)).logFile();
    expect(await modeOf('allotree.log.1')).toBe(0o600);
  });

  it('says so when it cannot be written to', async () => {
    await writeFile(join(path, 'file'), '');
    await expect(DataFolder.open(join(path, 'file/folder'))).rejects.toThrow(DataFolderError);
    await expect(DataFolder.open(join(path, 'file'))).rejects.toThrow(/cannot be written to \(EEXIST\).*DATA_DIR/);
  });

  it('keeps one token secret, for the owner alone', async () => {
    const folder = await DataFolder.open(path);
    const secret = await folder.tokenSecret();
    expect(secret.length).toBeGreaterThanOrEqual(32);
    expect(await folder.tokenSecret()).toBe(secret);
    expect(await modeOf('token-secret')).toBe(0o600);
  });
});

describe('the password of the administrator', () => {
  it('is made once, and kept as a hash only when the start succeeded', async () => {
    const folder = await DataFolder.open(path);
    const lost = await folder.administratorPassword(undefined);
    const first = await folder.administratorPassword(undefined);
    expect(first.generated).not.toBe(lost.generated);
    await first.keep();

    const second = await folder.administratorPassword(undefined);
    expect(second).toMatchObject({ generated: null, hash: first.hash });
    expect(await verifyPassword(second.hash, first.generated ?? '')).toBe(true);
    expect(await modeOf('admin-password-hash')).toBe(0o600);
    expect(await readFile(join(path, 'admin-password-hash'), 'utf8')).not.toContain(first.generated);
  });

  it('is the one that is given, from then on', async () => {
    const folder = await DataFolder.open(path);
    await (await folder.administratorPassword(undefined)).keep();
    const given = await folder.administratorPassword('correct horse');
    await given.keep();
    expect(given.generated).toBeNull();
    const later = await folder.administratorPassword(undefined);
    expect(await verifyPassword(later.hash, 'correct horse')).toBe(true);
  });
});

describe('the session for tools on this machine', () => {
  const signIn = { url: 'http://127.0.0.1:8080', accessToken: 'token', expiresAt: '2026-06-01T01:00:00.000Z' };
  const before = Date.parse('2026-06-01T00:59:59Z');
  const after = Date.parse('2026-06-01T01:00:00Z');

  it('is there for the owner alone, until it expires or the process stops', async () => {
    const folder = await DataFolder.open(path);
    await folder.leaveSignIn(signIn);
    expect(await modeOf('local-sign-in.json')).toBe(0o600);
    expect(await readLocalSignIn(path, before)).toEqual(signIn);
    expect(await readLocalSignIn(path, after)).toBeNull();
    await folder.removeSignIn();
    expect(await readLocalSignIn(path, before)).toBeNull();
  });
});
