import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { CliError } from './exit-codes.js';

const ApiKeyCredential = z.object({ kind: z.literal('api-key'), keyId: z.string(), secret: z.string() });
const SessionCredential = z.object({
  kind: z.literal('session'),
  email: z.string(),
  accessToken: z.string(),
  refreshToken: z.string(),
  /** ISO 8601, of the access token. */
  expiresAt: z.string(),
});
const Profile = z.object({
  /** Without a slash at its end. */
  server: z.string(),
  tenant: z.string().nullable(),
  credential: z.discriminatedUnion('kind', [ApiKeyCredential, SessionCredential]).nullable(),
});
const ProfileFile = z.object({ current: z.string(), profiles: z.record(z.string(), Profile) });

export type ApiKeyCredential = z.infer<typeof ApiKeyCredential>;
export type SessionCredential = z.infer<typeof SessionCredential>;
export type Profile = z.infer<typeof Profile>;
export type ProfileFile = z.infer<typeof ProfileFile>;

const EMPTY: ProfileFile = { current: 'default', profiles: {} };
const OWNER_ONLY = 0o600;
const OTHERS = 0o077;

/** Where somebody signs in: a file that its owner alone can read, written whole or not at all. */
export class Profiles {
  readonly file: string;

  constructor(env: Readonly<NodeJS.ProcessEnv>) {
    const base = env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config');
    this.file = join(base, 'allotree', 'profiles.json');
  }

  /** @throws CliError if the file is damaged or readable by others */
  async read(): Promise<ProfileFile> {
    const text = await this.textOf();
    if (text === null) return EMPTY;
    try {
      return ProfileFile.parse(JSON.parse(text));
    } catch {
      throw new CliError(`${this.file} is damaged. Remove it and sign in again.`);
    }
  }

  async write(file: ProfileFile): Promise<void> {
    await mkdir(join(this.file, '..'), { recursive: true, mode: 0o700 });
    const beside = `${this.file}.${randomUUID()}`;
    try {
      const handle = await open(beside, 'wx', OWNER_ONLY);
      await handle.writeFile(`${JSON.stringify(file, null, 2)}\n`);
      await handle.sync();
      await handle.close();
      await rename(beside, this.file);
    } finally {
      await rm(beside, { force: true });
    }
  }

  async put(name: string, profile: Profile): Promise<void> {
    const file = await this.read();
    await this.write({ ...file, profiles: { ...file.profiles, [name]: profile } });
  }

  private async textOf(): Promise<string | null> {
    const handle = await open(this.file, 'r').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw new CliError(`${this.file} cannot be read (${error.code ?? error.message}).`);
    });
    if (handle === null) return null;
    try {
      const { mode } = await handle.stat();
      if (process.platform !== 'win32' && (mode & OTHERS) !== 0)
        throw new CliError(`other users can read ${this.file}. Run: chmod 600 ${this.file}`);
      return await readFile(handle, 'utf8');
    } finally {
      await handle.close();
    }
  }
}
