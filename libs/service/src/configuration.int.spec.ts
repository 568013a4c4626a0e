import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadConfiguration } from '@allotree/basics/configuration';
import { SERVICE_CONFIGURATION } from './configuration.js';

const WITHOUT_SECRET = {
  DATABASE_URL: 'postgres://allotree:hunter2@127.0.0.1:5432/allotree',
  ADMIN_PASSWORD_HASH: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA',
};
const GOOD = { ...WITHOUT_SECRET, TOKEN_SECRET: 'k'.repeat(32) };

describe('loadConfiguration', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'allotree-configuration-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const load = (env: Record<string, string>) => loadConfiguration(SERVICE_CONFIGURATION, env);

  it('reads a secret from a file, but nothing else', async () => {
    const file = join(folder, 'token');
    await writeFile(file, `${'f'.repeat(40)}\n`);
    expect(load({ ...WITHOUT_SECRET, TOKEN_SECRET_FILE: file, PORT_FILE: file })).toMatchObject({
      TOKEN_SECRET: 'f'.repeat(40),
      PORT: 8080,
    });
    expect(() => load({ ...GOOD, TOKEN_SECRET_FILE: file })).toThrow('TOKEN_SECRET is set, and TOKEN_SECRET_FILE too');
    expect(() => load({ ...WITHOUT_SECRET, TOKEN_SECRET_FILE: join(folder, 'none') })).toThrow('ENOENT');
    await writeFile(file, '\n');
    expect(load({ ...GOOD, REDIS_URL_FILE: file }).REDIS_URL).toBe(undefined);
  });
});
