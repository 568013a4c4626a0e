/**
 * Temporary folders of a test run in memory: creating a data folder of PostgreSQL there takes a third of the processor
 * time, and a commit does not wait for the disk. Without enough memory, or with TMPDIR set, they stay where they were.
 */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

/** Two workers take less than half of it. */
const ENOUGH_BYTES = 6 * 1024 ** 3;
const MEMORY = '/dev/shm';
const PREFIX = 'allotree-run-';

/** Sets TMPDIR, which the workers of Jest inherit; the folder is removed when this process ends. */
export function useFolderInMemory() {
  if (process.env.TMPDIR !== undefined || !isUsable()) return;
  removeAbandoned();
  const folder = mkdtempSync(join(MEMORY, `${PREFIX}${process.pid}-`));
  // As in the usual folder, other accounts reach what is open to them in it.
  chmodSync(folder, 0o711);
  process.env.TMPDIR = folder;
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
}

/** Containers often have only 64 MB there. Specs also run programs from their folders. */
function isUsable() {
  try {
    const mounted = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .findLast(([, place]) => place === MEMORY);
    if (mounted?.[2] !== 'tmpfs' || /\bnoexec\b/.test(mounted[3])) return false;
    const { bavail, bsize } = statfsSync(MEMORY);
    return Math.min(bavail * bsize, process.availableMemory()) >= ENOUGH_BYTES;
  } catch {
    return false;
  }
}

/** Folders of runs that were killed. */
function removeAbandoned() {
  for (const name of readdirSync(MEMORY)) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(MEMORY, name), { recursive: true, force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
