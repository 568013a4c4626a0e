import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/**
 * Texts derived from files, kept in `node_modules/.cache` until what they were made from changes.
 *
 * @param kind names the folder
 * @param maker everything besides the input that decides the texts: versions, settings, the source of the tool
 */
export function keptBetweenRuns(kind, maker) {
  const folder = join(root, 'node_modules/.cache', kind);
  const entry = (...input) => {
    const digest = createHash('sha256')
      .update(JSON.stringify([maker, input]))
      .digest('hex');
    return (extension) => fileAt(join(folder, `${digest}.${extension}`));
  };
  const fileAt = (path) => ({
    path,
    exists: () => existsSync(path),
    read: () => {
      try {
        return readFileSync(path, 'utf8');
      } catch {
        return null;
      }
    },
    /** Other processes may be writing the same file, so it appears under its name only when it is complete. */
    write: (text) => {
      mkdirSync(folder, { recursive: true });
      const draft = `${path}.${randomUUID()}`;
      writeFileSync(draft, text);
      renameSync(draft, path);
      return text;
    },
  });
  return entry;
}
