import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { chown, readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { StartError } from '@allotree/basics/start-error';

/**
 * The account PostgreSQL runs under when this process is root, which PostgreSQL refuses: the account that owns the data, else `postgres`,
 * else `nobody`.
 */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const OTHERWISE = 'Start as another user, or set DATABASE_URL to a PostgreSQL of your own.';

/** `null`: the user of this process. */
export async function postgresAccount(dataFolder: string): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  const accounts = await accountsOfThisMachine();
  const owner = await stat(dataFolder).catch(() => null);
  const chosen =
    [...accounts.values()].find((account) => account.uid !== 0 && account.uid === owner?.uid) ??
    accounts.get('postgres') ??
    accounts.get('nobody');
  if (chosen === undefined) {
    throw new StartError(
      `PostgreSQL does not run as root, and this machine has neither an account "postgres" nor "nobody". ${OTHERWISE}`,
    );
  }
  return chosen;
}

async function accountsOfThisMachine(): Promise<Map<string, Account>> {
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n').map((line) => line.split(':'));
  return new Map(
    lines
      .filter((fields) => fields.length > 3)
      .map(([name, , uid, gid]) => [name as string, { uid: Number(uid), gid: Number(gid) }]),
  );
}

export async function giveTo(account: Account | null, path: string): Promise<void> {
  if (account === null) return;
  await chown(path, account.uid, account.gid).catch((error: NodeJS.ErrnoException) => {
    throw new StartError(
      `PostgreSQL does not run as root, and ${path} cannot be given to the account ${account.uid} (${error.code}). ${OTHERWISE}`,
      { cause: error },
    );
  });
}

/** A program of PostgreSQL and the data folder it works on. */
export interface PostgresProgram {
  readonly program: string;
  readonly folder: string;
  /** @param folder the path under which the program reaches its data folder */
  readonly parameters: (folder: string) => readonly string[];
}

/** The folder a process was started in; it can be used without permission for the folders above it. Linux. */
const WORKING_FOLDER = '/proc/self/cwd';

/**
 * Starts a program of PostgreSQL under the account. Where the account cannot enter a folder above the data folder (for example a home with
 * mode 0700), the program starts inside the data folder, which this process can enter, and uses this path for it.
 */
export async function spawnAs(
  account: Account | null,
  { program, folder, parameters }: PostgresProgram,
  options: SpawnOptions,
): Promise<ChildProcess> {
  if (account === null) return spawn(program, parameters(folder), options);
  const closed = await firstClosedFolder(account, folder);
  if (closed !== null && process.platform !== 'linux') throw cannotEnter(account, closed);
  const [cwd, name] = closed === null ? ['/', folder] : [folder, WORKING_FOLDER];
  try {
    return spawn(program, parameters(name), { ...options, ...account, cwd });
  } catch (error) {
    throw new StartError(
      `PostgreSQL does not run as root, and this process is not permitted to start it as the account ${account.uid} ` +
        `(${(error as NodeJS.ErrnoException).code}). ${OTHERWISE}`,
      { cause: error },
    );
  }
}

export const cannotEnter = (account: Account, closed: string): StartError =>
  new StartError(
    `PostgreSQL does not run as root, and the account ${account.uid} it would run as cannot enter ${closed}. ` +
      `Start as another user, or use an installation and a DATA_DIR outside that folder.`,
  );

/** The first folder above a path that the account cannot enter; `null`: it can reach the path. */
export async function firstClosedFolder(account: Account, path: string): Promise<string | null> {
  for (const folder of parentsOf(resolve(path))) {
    const { mode, uid, gid } = await stat(folder);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return folder;
  }
  return null;
}

function parentsOf(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [...parentsOf(parent), parent];
}
