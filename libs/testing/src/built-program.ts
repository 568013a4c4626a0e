import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

/**
 * The main file of an app for a process of its own: the bundle that the global setup of Jest made of the build, which starts in half the
 * time, else the build.
 */
export function builtProgram(app: string): string {
  const bundles = process.env['ALLOTREE_BUNDLED_APPS'];
  if (bundles !== undefined) return join(bundles, `${app}.mjs`);
  const file = join(root, 'apps', app, 'dist/main.js');
  if (!existsSync(file)) throw new Error(`${file} is not built: npm run build`);
  return file;
}
