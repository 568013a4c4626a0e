import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The folders that contain code and specs. */
export const CODE_FOLDERS = ['libs', 'apps', 'tools', 'deploy'];

/** What is installed or built. */
const MADE = new Set(['node_modules', 'dist', 'bundle', '.nx']);

/**
 * The files of the workspace in a folder and those below it.
 *
 * @param {string} root
 * @param {string} folder from the root
 * @returns {string[]} paths from the root
 */
export function filesBelow(root, folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return MADE.has(entry.name) ? [] : filesBelow(root, path);
    return [path];
  });
}
