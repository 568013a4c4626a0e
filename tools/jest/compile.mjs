import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { keptBetweenRuns } from '../kept-between-runs.mjs';

const require = createRequire(import.meta.url);
const settings = JSON.parse(readFileSync(new URL('../../.swcrc', import.meta.url), 'utf8'));
const kept = keptBetweenRuns('compiled-specs', [
  require('@swc/core/package.json').version,
  settings,
  readFileSync(new URL(import.meta.url), 'utf8'),
]);

function compileInto(file, filename, text) {
  // Loaded only here: with everything kept, no process needs the compiler.
  const { transformSync } = require('@swc/core');
  const { code, map } = transformSync(text, { ...settings, filename, swcrc: false, sourceMaps: true });
  file('map').write(map);
  // A path: Node's coverage reads no source map by its file URL.
  return file('mjs').write(`${code}\n//# sourceMappingURL=${pathToFileURL(file('map').path).pathname}`);
}

/** JavaScript of a TypeScript file, compiled with the settings of the build. */
export function compile(filename) {
  const text = readFileSync(filename, 'utf8');
  const file = kept(filename, text);
  return file('mjs').read() ?? compileInto(file, filename, text);
}

/** Path of a file with the source map of a TypeScript file. */
export function sourceMapFile(filename) {
  const text = readFileSync(filename, 'utf8');
  const file = kept(filename, text);
  if (!file('map').exists()) compileInto(file, filename, text);
  return file('map').path;
}

/** The source that an import means, or `null`: in a TypeScript file `./x.js` is `./x.ts`, if it exists. */
export function sourceOf(specifier, importer) {
  if (!/^\.{1,2}\/.*\.js$/.test(specifier) || !importer.endsWith('.ts')) return null;
  const source = join(dirname(importer), specifier.replace(/\.js$/, '.ts'));
  return existsSync(source) ? source : null;
}
