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
import { StartError } from '@allotree/basics/start-error';
import { type Account, giveTo, spawnAs } from './postgres-account.js';
import type { PostgresBinaries } from './postgres-binaries.js';

/** The superuser of the embedded server, and the name of its database. */
export const ROLE = 'allotree';
const PASSWORD_FILE = 'allotree.password';

/** A data folder of PostgreSQL and its password. */
export interface Cluster {
  readonly folder: string;
  readonly password: string;
}

/**
 * The cluster in `<dataDir>/data`, created when there is none. It is created in a temporary folder and moved into place when complete, so
 * an interrupted start leaves nothing half-made, and of two concurrent starts one wins.
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
    // A concurrent start was quicker: its cluster is used.
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
    // Its password is random: more iterations would protect nothing and cost 1 ms of processor time for each connection.
    '--set=scram_iterations=1',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
  ];
  // Under another account initdb gets the opened password file, because it may not be able to reach it by its path.
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

/** The line with the error in the output of initdb. */
function reasonOf(complaints: string): string {
  const lines = complaints.trim().split('\n');
  return lines.find((line) => line.startsWith('initdb: error: ')) ?? lines.at(-1) ?? '';
}

/** Without the variables that would change the settings of PostgreSQL's programs. */
export const cleanEnvironment = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !name.startsWith('PG') && !name.startsWith('LC_') && name !== 'LANG',
    ),
  ),
  LC_ALL: 'C',
});

/** Removes folders of starts that were interrupted before their cluster was complete. */
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
      `The data in ${folder} was made by PostgreSQL ${made || '(PG_VERSION is empty)'}, but ${installed} is installed. ` +
        'Start the release of Allotree that made it, dump the database with pg_dump and restore it here, or use another DATA_DIR.',
    );
  }
}

/** Read from the share folder beside the program, which is cheaper than running it. */
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

/** The content of `postmaster.pid`, of a running or killed server. */
export interface Postmaster {
  readonly pid: number;
  /** 0: not known yet, the server is starting. */
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
 * Whether the process of a `postmaster.pid` is PostgreSQL on this folder, and not another process that reused the pid (after a restart of
 * the machine).
 */
export async function isServerOf(folder: string, pid: number): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null);
  // Without /proc on this system, the file is trusted.
  if (commandLine === null) return !(await stat('/proc/self').catch(() => null));
  const parts = commandLine.split('\0');
  if (!parts.some((part) => part.includes('postgres'))) return false;
  return parts.includes(folder) || (await workingFolder(pid)) === (await realpath(folder));
}

const workingFolder = (pid: number): Promise<string | null> => readlink(`/proc/${pid}/cwd`).catch(() => null);

/**
 * PostgreSQL takes any living process with the pid in `postmaster.pid` for a server, except its own parent. A file whose pid belongs to
 * another process therefore gets the pid of this process; the rest of it (its shared memory) must stay.
 */
export async function disownPostmasterFile(folder: string): Promise<void> {
  const path = join(folder, 'postmaster.pid');
  const [, ...rest] = (await readFile(path, 'utf8')).split('\n');
  await writeFile(path, [String(process.pid), ...rest].join('\n'));
  // A copy made by root belongs to root; the server must be able to take it over.
  if (process.getuid?.() === 0) {
    const { uid, gid } = await stat(folder);
    await chown(path, uid, gid);
  }
}
