import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);
const settings = JSON.parse(readFileSync(new URL('../../.swcrc', import.meta.url), 'utf8'));
const folder = fileURLToPath(new URL('../../node_modules/.cache/compiled-specs', import.meta.url));
const compiler = JSON.stringify([require('@swc/core/package.json').version, settings]);

/** Path of a file in the cache: named by everything that decides its content. */
function cached(filename, text) {
  const digest = createHash('sha256')
    .update(JSON.stringify([compiler, filename, text]))
    .digest('hex');
  return { code: join(folder, `${digest}.mjs`), map: join(folder, `${digest}.map`) };
}

/** Another worker may be writing the same file, so a file appears under its name only when it is complete. */
function writeWhole(file, text) {
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, text);
  renameSync(draft, file);
}

function compileInto({ code, map }, filename, text) {
  // Loaded only here: with everything cached, no process needs the compiler.
  const { transformSync } = require('@swc/core');
  const output = transformSync(text, { ...settings, filename, swcrc: false, sourceMaps: true });
  const source = `${output.code}\n//# sourceMappingURL=${pathToFileURL(map).href}`;
  mkdirSync(folder, { recursive: true });
  writeWhole(map, output.map);
  writeWhole(code, source);
  return source;
}

/** JavaScript of a TypeScript file, compiled with the settings of the build and kept between runs. */
export function compile(filename) {
  const text = readFileSync(filename, 'utf8');
  const file = cached(filename, text);
  try {
    return readFileSync(file.code, 'utf8');
  } catch {
    return compileInto(file, filename, text);
  }
}

/** Path of a file with the source map of a TypeScript file. */
export function sourceMapFile(filename) {
  const text = readFileSync(filename, 'utf8');
  const file = cached(filename, text);
  if (!existsSync(file.map)) compileInto(file, filename, text);
  return file.map;
}
