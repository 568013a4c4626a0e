import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { access, chown, constants, readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * PostgreSQL refuses to run as root. Started by root, it runs as another account: the one that owns the data, else
 * `postgres`, else `nobody`.
 */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** `null`: as whoever runs this process. */
export async function postgresAccount(dataFolder: string): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  const accounts = await accountsOfThisMachine();
  const owner = await stat(dataFolder).catch(() => null);
  const chosen =
    [...accounts.values()].find((account) => account.uid !== 0 && account.uid === owner?.uid) ??
    accounts.get('postgres') ??
    accounts.get('nobody');
  if (chosen === undefined) {
    throw new Error(
      'PostgreSQL does not run as root, and there is no account "postgres" or "nobody" here. Start as another user.',
    );
  }
  return chosen;
}

async function accountsOfThisMachine(): Promise<Map<string, Account>> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  return new Map(
    lines
      .filter((fields) => fields.length > 3)
      .map(([name, , uid, gid]) => [name as string, { uid: Number(uid), gid: Number(gid) }]),
  );
}

export async function giveTo(account: Account | null, path: string): Promise<void> {
  if (account !== null) await chown(path, account.uid, account.gid);
}

/**
 * Starts a program of PostgreSQL under the account. Where the account may not enter a folder on the way to `paths` (one
 * in /root, say), the program is given the capability to pass, if this machine has `setpriv`.
 */
export async function spawnAs(
  account: Account | null,
  program: string,
  parameters: readonly string[],
  paths: readonly string[],
  options: SpawnOptions,
): Promise<ChildProcess> {
  if (account === null) return spawn(program, parameters, options);
  const closed = await firstClosedFolder(account, [program, ...paths]);
  if (closed === null) return spawn(program, parameters, { ...options, ...account, cwd: '/' });
  const setpriv = await firstThatExists(['/usr/bin/setpriv', '/bin/setpriv']);
  if (setpriv === null) {
    throw new Error(
      `PostgreSQL does not run as root, and the account it would run as may not enter ${closed}. ` +
        'Start as another user, or use a data folder and an installation outside that folder.',
    );
  }
  const pass = [
    '--inh-caps=-all,+dac_override',
    '--ambient-caps=-all,+dac_override',
    '--bounding-set=-all,+dac_override',
  ];
  const identity = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'];
  return spawn(setpriv, [...identity, ...pass, program, ...parameters], { ...options, cwd: '/' });
}

async function firstClosedFolder(account: Account, paths: readonly string[]): Promise<string | null> {
  const folders = new Set(paths.flatMap((path) => parentsOf(resolve(path))));
  for (const folder of folders) {
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

async function firstThatExists(paths: readonly string[]): Promise<string | null> {
  for (const path of paths) {
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return null;
}
