import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import {
  chown,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from './postgres-account.js';
import { StartError } from '../process/start-error.js';
import { giveTo, spawnAs } from './postgres-account.js';
import type { PostgresBinaries } from './postgres-binaries.js';

/** The superuser of the embedded server, and the name of its database. */
export const ROLE = 'allotree';
const PASSWORD_FILE = 'allotree.password';

/** A data folder of PostgreSQL with its password in it. */
export interface Cluster {
  readonly folder: string;
  readonly password: string;
}

/**
 * The cluster in `<dataDir>/data`; made first when there is none. It is made beside and moved into place when it is
 * complete, so a start that is cut off leaves nothing half-made, and of two at once one wins.
 */
export async function openCluster(
  dataDir: string,
  account: Account | null,
  binaries: PostgresBinaries,
  log: (message: string) => void,
): Promise<Cluster> {
  const folder = join(dataDir, 'data');
  await removeAbandoned(dataDir);
  if (!(await isCluster(folder))) {
    log('creating the database (a few seconds, once)');
    await createCluster(dataDir, folder, account, binaries);
  }
  await checkVersion(folder, binaries);
  return { folder, password: await passwordOf(folder) };
}

export async function passwordOf(folder: string): Promise<string> {
  const file = join(folder, PASSWORD_FILE);
  const password = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new StartError(
      `The password of the embedded database cannot be read from ${file} (${error.code}). Restore that file from a backup of the data folder.`,
      { cause: error },
    );
  });
  return password.trim();
}

async function isCluster(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw new StartError(
      `The data folder ${folder} cannot be read (${error.code}). Start as the user who owns it, or use another DATA_DIR.`,
      { cause: error },
    );
  });
  if (names.length === 0) return false;
  if (!names.includes('PG_VERSION')) {
    throw new StartError(
      `${folder} is not empty, and holds no PostgreSQL data. Empty it, restore it from a backup, or use another DATA_DIR.`,
    );
  }
  return true;
}

async function createCluster(
  dataDir: string,
  folder: string,
  account: Account | null,
  binaries: PostgresBinaries,
): Promise<void> {
  const beside = join(dataDir, `data.new.${process.pid}.${randomBytes(4).toString('hex')}`);
  await mkdir(beside, { mode: 0o700 });
  await giveTo(account, beside);
  const passwordFile = `${beside}.password`;
  const password = randomBytes(24).toString('base64url');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  await giveTo(account, passwordFile);
  try {
    await runInitdb(beside, passwordFile, account, binaries);
    await rename(passwordFile, join(beside, PASSWORD_FILE));
    await syncFolder(beside);
    await rename(beside, folder);
    await syncFolder(dataDir);
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    await rm(passwordFile, { force: true });
    const code = (error as NodeJS.ErrnoException).code;
    // Another start was quicker: its cluster is as good.
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}

async function runInitdb(
  folder: string,
  passwordFile: string,
  account: Account | null,
  { initdb }: PostgresBinaries,
): Promise<void> {
  const options = [
    `--username=${ROLE}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
  ];
  // Under another account it gets the password file opened: it may not be able to reach it by its name.
  const opened = account === null ? null : await open(passwordFile, 'r');
  const parameters = (name: string): string[] => [
    `--pgdata=${name}`,
    `--pwfile=${opened === null ? passwordFile : '/dev/stdin'}`,
    ...options,
  ];
  try {
    await endOfInitdb(
      folder,
      await spawnAs(
        account,
        { program: initdb, folder, parameters },
        { stdio: [opened?.fd ?? 'ignore', 'ignore', 'pipe'], env: cleanEnvironment() },
      ),
    );
  } finally {
    await opened?.close();
  }
}

async function endOfInitdb(folder: string, child: ChildProcess): Promise<void> {
  const complaints: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => complaints.push(chunk));
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else
        reject(
          new StartError(
            `The database could not be created in ${folder}: ${reasonOf(Buffer.concat(complaints).toString('utf8'))}`,
          ),
        );
    });
  });
}

/** Of the lines that initdb complains in, the one with the error. */
function reasonOf(complaints: string): string {
  const lines = complaints.trim().split('\n');
  return lines.find((line) => line.startsWith('initdb: error: ')) ?? lines.at(-1) ?? '';
}

/** Without the variables that would make PostgreSQL's programs use other settings than ours. */
export const cleanEnvironment = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !name.startsWith('PG') && !name.startsWith('LC_') && name !== 'LANG',
    ),
  ),
  LC_ALL: 'C',
});

/** Folders of starts that were cut off before their cluster was complete. */
async function removeAbandoned(dataDir: string): Promise<void> {
  for (const name of readdirSync(dataDir)) {
    const pid = /^data\.new\.(\d+)\./.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(dataDir, name), { recursive: true, force: true });
  }
}

async function checkVersion(folder: string, { postgres }: PostgresBinaries): Promise<void> {
  const made = (await readFile(join(folder, 'PG_VERSION'), 'utf8')).trim();
  const installed = await majorVersion(postgres);
  if (installed !== null && made !== installed) {
    throw new StartError(
      `The data in ${folder} was made by PostgreSQL ${made || '(PG_VERSION is empty)'}, and ${installed} is installed. ` +
        'Start the release of Allotree that made it, dump the database with pg_dump and restore it here, or use another DATA_DIR.',
    );
  }
}

/** Of the share folder beside the program: cheaper than to run it. */
async function majorVersion(postgres: string): Promise<string | null> {
  const config = join(postgres, '..', '..', 'share', 'postgresql', 'postgres.bki');
  const head = await readFile(config, 'utf8').catch(() => null);
  return head === null ? null : (/^# PostgreSQL (\d+)/.exec(head)?.[1] ?? null);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** What a running (or killed) server left in `postmaster.pid`. */
export interface Postmaster {
  readonly pid: number;
  /** 0: not known yet, it is starting. */
  readonly port: number;
}

export async function postmasterOf(folder: string): Promise<Postmaster | null> {
  const text = await readFile(join(folder, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return null;
  return { pid, port: Number(lines[3]) || 0 };
}

/**
 * Whether the process of a `postmaster.pid` is PostgreSQL on this folder, and not some other that has the number now
 * (after a restart of the machine).
 */
export async function isServerOf(folder: string, pid: number): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null);
  // No /proc on this system: take the file's word.
  if (commandLine === null) return !(await stat('/proc/self').catch(() => null));
  const parts = commandLine.split('\0');
  if (!parts.some((part) => part.includes('postgres'))) return false;
  return parts.includes(folder) || (await workingFolder(pid)) === (await realpath(folder));
}

const workingFolder = (pid: number): Promise<string | null> => readlink(`/proc/${pid}/cwd`).catch(() => null);

/**
 * PostgreSQL takes any living process with the number in `postmaster.pid` for a server, but never its own parent. So a
 * file whose number went to somebody else is handed our number; the rest of it (its shared memory) must stay.
 */
export async function disownPostmasterFile(folder: string): Promise<void> {
  const path = join(folder, 'postmaster.pid');
  const [, ...rest] = (await readFile(path, 'utf8')).split('\n');
  await writeFile(path, [String(process.pid), ...rest].join('\n'));
  // A copy that root made belongs to root; the server must be able to take it over.
  if (process.getuid?.() === 0) {
    const { uid, gid } = await stat(folder);
    await chown(path, uid, gid);
  }
}
