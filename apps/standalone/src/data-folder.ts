import { randomBytes } from 'node:crypto';
import { access, chmod, constants, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { hashPassword, verifyPassword } from '@allotree/identity/passwords';
import { StartError } from '@allotree/basics/start-error';
import { SIGN_IN_FILE, type LocalSignIn } from '@allotree/api-client';

/** The folder cannot be used. */
export class DataFolderError extends StartError {
  override readonly name = 'DataFolderError';

  constructor(folder: string, cause: unknown) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    super(
      `the data folder ${folder} cannot be written to (${code}). Start as the user who owns it, or name another folder with DATA_DIR.`,
      { cause },
    );
  }
}

const OWNER_ONLY = 0o600;
/** The database in it runs under another account when root starts it; on Linux it needs no permission for the folder. */
const OWNER_FOLDER = process.platform === 'linux' ? 0o700 : 0o711;
const PASSWORD_BYTES = 12;
const TOKEN_SECRET_BYTES = 48;

/** What the server administrator signs in with. */
export interface AdministratorPassword {
  readonly hash: string;
  /** The password itself, when it was made just now and nobody knows it yet. */
  readonly generated: string | null;
  /** Keeps the hash for later starts. */
  keep(): Promise<void>;
}

/** What the process keeps between starts, besides the database. */
export class DataFolder {
  private constructor(readonly path: string) {}

  /** @throws DataFolderError when it cannot be made or written to */
  static async open(path: string): Promise<DataFolder> {
    const folder = resolve(path);
    try {
      await mkdir(folder, { recursive: true, mode: OWNER_FOLDER });
      await access(folder, constants.W_OK | constants.X_OK);
      // Permissions are not enough (a read-only mount, a full disk), so a write is tried.
      const probe = join(folder, `.probe-${process.pid}`);
      await writeFile(probe, 'x');
      await rm(probe);
    } catch (error) {
      throw new DataFolderError(folder, error);
    }
    return new DataFolder(folder);
  }

  /** The key tokens are signed with, made at the first start. */
  async tokenSecret(): Promise<string> {
    const kept = await this.read('token-secret');
    if (kept !== null) return kept;
    const secret = randomBytes(TOKEN_SECRET_BYTES).toString('base64url');
    await this.write('token-secret', secret);
    return secret;
  }

  /** `given`, else the one of an earlier start, else a new one. Nothing is kept until `keep()`. */
  async administratorPassword(given: string | undefined): Promise<AdministratorPassword> {
    const file = 'admin-password-hash';
    const kept = await this.read(file);
    if (kept !== null && (given === undefined || (await verifyPassword(kept, given)))) {
      return { hash: kept, generated: null, keep: () => Promise.resolve() };
    }
    const password = given ?? randomBytes(PASSWORD_BYTES).toString('hex');
    const hash = await hashPassword(password);
    return { hash, generated: given === undefined ? password : null, keep: () => this.write(file, hash) };
  }

  async leaveSignIn(signIn: LocalSignIn): Promise<void> {
    await this.write(SIGN_IN_FILE, JSON.stringify(signIn));
  }

  async removeSignIn(): Promise<void> {
    await rm(join(this.path, SIGN_IN_FILE), { force: true });
  }

  /** Where log lines go; a file that others could read is closed to them. */
  async logFile(): Promise<string> {
    const file = join(this.path, 'allotree.log');
    for (const name of await readdir(this.path))
      if (name.startsWith('allotree.log')) await chmod(join(this.path, name), OWNER_ONLY);
    return file;
  }

  private async read(name: string): Promise<string | null> {
    try {
      return (await readFile(join(this.path, name), 'utf8')).trim() || null;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /** Whole or not at all, and readable by the owner alone. */
  private async write(name: string, text: string): Promise<void> {
    const file = join(this.path, name);
    const draft = `${file}.${process.pid}`;
    await writeFile(draft, `${text}\n`, { mode: OWNER_ONLY });
    await rename(draft, file);
  }
}
