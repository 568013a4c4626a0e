import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const DAY_MS = 86_400_000;

/**
 * A folder of files made from others, kept in `node_modules/.cache` until these change.
 *
 * @param {string} kind names what is kept
 * @param {string[]} madeFrom every file whose content decides theirs
 * @param {(folder: string) => Promise<void>} make writes them
 */
export async function keptFolder(kind, madeFrom, make) {
  const kept = join(import.meta.dirname, '../../node_modules/.cache', kind);
  const folder = join(kept, digestOf(madeFrom));
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

function digestOf(files) {
  const digest = createHash('sha256');
  for (const file of files) digest.update(`${file}\n`).update(readFileSync(file));
  return digest.digest('hex').slice(0, 16);
}

/** One of today may belong to a run that goes on. */
async function removeOld(kept) {
  for (const name of await readdir(kept)) {
    const folder = join(kept, name);
    const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: 0 }));
    if (Date.now() - mtimeMs > DAY_MS) await rm(folder, { recursive: true, force: true });
  }
}
