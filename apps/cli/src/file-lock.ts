import { open, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 50;
/** A lock this old belongs to a process that was killed. */
const ABANDONED_MS = 30_000;

async function tryLock(file: string): Promise<boolean> {
  try {
    await (await open(file, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

async function removeAbandoned(file: string, now: () => number): Promise<void> {
  const found = await stat(file).catch(() => null);
  if (found !== null && now() - found.mtimeMs > ABANDONED_MS) await rm(file, { force: true });
}

/** Does the work while no other process holds the lock file. */
export async function withFileLock<Result>(
  file: string,
  now: () => number,
  work: () => Promise<Result>,
): Promise<Result> {
  while (!(await tryLock(file))) {
    await removeAbandoned(file, now);
    await sleep(PAUSE_MS);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}
