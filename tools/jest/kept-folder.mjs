import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const DAY_MS = 86_400_000;

/**
 * A folder of files made from others, kept in `node_modules/.cache` until these change.
 *
 * @param {string} kind names what is kept
 * @param {string} digest of everything that the files are made from
 * @param {(folder: string) => Promise<void>} make writes them
 */
export async function keptFolder(kind, digest, make) {
  const kept = join(import.meta.dirname, '../../node_modules/.cache', kind);
  const folder = join(kept, digest);
  if (existsSync(folder)) return folder;
  const beside = join(kept, `new-${randomUUID()}`);
  try {
    await make(beside);
    await rename(beside, folder);
  } catch (error) {
    // Another run has made the same meanwhile.
    if (!existsSync(folder)) throw error;
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
  await removeOld(kept);
  return folder;
}

/** One of today may belong to a run that goes on. */
async function removeOld(kept) {
  for (const name of await readdir(kept)) {
    const folder = join(kept, name);
    const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: 0 }));
    if (Date.now() - mtimeMs > DAY_MS) await rm(folder, { recursive: true, force: true });
  }
}
