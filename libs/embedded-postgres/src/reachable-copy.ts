import { randomBytes } from 'node:crypto';
import { chmod, cp, lstat, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartError } from '@allotree/basics/start-error';
import { firstClosedFolder, type Account } from './postgres-account.js';

/** Where root keeps programs that other accounts run. The second is for a read-only file system. */
const PLACES = ['/var/lib/allotree', join(tmpdir(), 'allotree-postgres')];
const OTHERS_CAN_WRITE = 0o022;
const READABLE = 0o644;
const ENTERABLE = 0o755;

/**
 * A copy of a folder with programs that the account can reach, made once for every version.
 *
 * @param places tried in this order; each is used only if no other user can change it
 * @throws StartError when none of them can be used
 */
export async function reachableCopy(
  account: Account,
  source: string,
  version: string,
  places: readonly string[] = PLACES,
): Promise<string> {
  const reasons: string[] = [];
  for (const place of places) {
    try {
      return await copyIn(place, account, source, version);
    } catch (error) {
      reasons.push(`${place}: ${(error as Error).message}`);
    }
  }
  throw new StartError(
    `PostgreSQL does not run as root, and its programs in ${source} cannot be reached by the account ${account.uid} nor copied ` +
      `to where it can (${reasons.join('; ')}). Start as another user, or install outside a folder that only root can enter.`,
  );
}

async function copyIn(place: string, account: Account, source: string, version: string): Promise<string> {
  await mkdir(place, { recursive: true });
  await refuseForeign(place);
  await chmod(place, ENTERABLE);
  const closed = await firstClosedFolder(account, join(place, version));
  if (closed !== null) throw new Error(`the account cannot enter ${closed}`);
  const copy = join(place, `postgres-${version}`);
  if (await isComplete(copy, source)) return copy;
  await rm(copy, { recursive: true, force: true });
  const beside = `${copy}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    await cp(source, beside, { recursive: true, verbatimSymlinks: true });
    await openUp(beside);
    await rename(beside, copy);
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    // A concurrent start was quicker: its copy is used.
    if (!(await isComplete(copy, source))) throw error;
  }
  return copy;
}

/** Programs are only run from a folder that no other user can write to. */
async function refuseForeign(place: string): Promise<void> {
  const { uid, mode } = await lstat(place);
  if (uid !== process.getuid?.() || (mode & OTHERS_CAN_WRITE) !== 0)
    throw new Error('it belongs to another user, or others can write to it');
}

/** A copy cut short by a power failure has programs of another size. */
async function isComplete(copy: string, source: string): Promise<boolean> {
  const programs = join(source, 'bin');
  for (const name of await readdir(programs)) {
    const [made, wanted] = await Promise.all([
      stat(join(copy, 'bin', name)).catch(() => null),
      stat(join(programs, name)),
    ]);
    if (made?.size !== wanted.size) return false;
  }
  return true;
}

/** Independent of the umask of the installation. */
async function openUp(folder: string): Promise<void> {
  await chmod(folder, ENTERABLE);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openUp(path);
    else if (entry.isFile()) await chmod(path, ((await stat(path)).mode & 0o100) === 0 ? READABLE : ENTERABLE);
  }
}
