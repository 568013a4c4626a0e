import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transformSync } from '@swc/core';

const settings = JSON.parse(readFileSync(new URL('../../.swcrc', import.meta.url), 'utf8'));
const maps = join(tmpdir(), `allotree-source-maps-${process.getuid?.() ?? 0}`);

/** Compiles a TypeScript file with the settings of the build, with its source map. */
export const compile = (filename) =>
  transformSync(readFileSync(filename, 'utf8'), { ...settings, filename, swcrc: false, sourceMaps: true });

/** Path of a file with the source map of a TypeScript file. */
export function sourceMapFile(filename) {
  const digest = createHash('sha256').update(filename).update(readFileSync(filename)).digest('hex');
  const file = join(maps, `${digest}.map`);
  if (!existsSync(file)) {
    mkdirSync(maps, { recursive: true, mode: 0o700 });
    writeFileSync(file, compile(filename).map);
  }
  return file;
}
