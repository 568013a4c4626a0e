/**
 * Specs in bundles that share their chunks: Node then imports a few hundred files without module hooks, whose thread takes a tenth of the
 * processor time of the unit kind, instead of 1,500 with them. A bundle has what its spec uses; packages stay outside. The bundles are
 * kept until a source or a package changes.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CODE_FOLDERS, filesBelow } from '../files-below.mjs';
import { compile, sourceOf } from './compile.mjs';
import { keptFolder } from './kept-folder.mjs';

const root = join(import.meta.dirname, '../..');
const GLOBALS = join(import.meta.dirname, 'globals.mjs');
const OWN = /^@allotree\//;

/** Code and JSON of the workspace. */
const sources = () =>
  CODE_FOLDERS.flatMap((folder) => filesBelow(root, folder))
    .filter((file) => /\.(?:[cm]?js|tsx?|json)$/.test(file))
    .map((file) => join(root, file));

const WITHOUT_NAME = /^import '(\.[^']+)';$/gm;

/** Modules that are imported for what they do; of others, only the exports in use matter. */
function importedForEffect(files) {
  return new Set(
    files
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) =>
        [...readFileSync(file, 'utf8').matchAll(WITHOUT_NAME)].map(([, path]) => sourceOf(path, file)),
      ),
  );
}

/** How the module hooks resolve and compile. */
const asWithHooks = (files) => ({
  name: 'as-with-hooks',
  setup(build) {
    const effective = importedForEffect(files);
    const source = (path) => ({ path, sideEffects: effective.has(path) });
    build.onResolve({ filter: /^@jest\/globals$/ }, () => ({ path: GLOBALS }));
    // Built files, which can change or come while the sources stay.
    build.onResolve({ filter: /^\.{1,2}\/.*\/dist\// }, ({ path, resolveDir }) => ({
      path: pathToFileURL(join(resolveDir, path)).href,
      external: true,
    }));
    build.onResolve({ filter: /^\.{1,2}\// }, ({ path, importer }) => {
      const found = sourceOf(path, importer);
      return found === null ? undefined : source(found);
    });
    build.onResolve({ filter: /^[^./]/ }, async ({ path, kind, resolveDir, pluginData }) => {
      if (!OWN.test(path)) return { path, external: true };
      if (pluginData === OWN) return undefined;
      const found = await build.resolve(path, { kind, resolveDir, pluginData: OWN });
      return found.errors.length > 0 || !found.path.endsWith('.ts') ? undefined : source(found.path);
    });
    build.onLoad({ filter: /\.(?:[cm]?js|ts)$/ }, ({ path }) => ({ contents: inItsPlace(path), loader: 'js' }));
  },
});

/** What a file finds by its place, it finds there. */
function inItsPlace(path) {
  const text = path.endsWith('.ts') ? compile(path) : readFileSync(path, 'utf8');
  return text
    .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
    .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
    .replaceAll('import.meta.filename', JSON.stringify(path));
}

const isSpec = (file) => file.endsWith('.spec.ts');
const nameOf = (spec) => relative(root, spec).replace(/\.ts$/, '');

async function bundleInto(outdir, files) {
  const { build, stop } = await import('esbuild');
  await build({
    entryPoints: files.filter(isSpec).map((spec) => ({ in: spec, out: nameOf(spec) })),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@allotree/source'],
    keepNames: true,
    sourcemap: true,
    sourcesContent: false,
    plugins: [asWithHooks(files)],
    logLevel: 'error',
  });
  // Its process would live as long as the test run.
  await stop();
}

/** Jest globalSetup: `ALLOTREE_BUNDLED_SPECS` is the folder of the bundles. Coverage is measured of the sources themselves. */
export default async function bundleSpecs() {
  if ((process.env.ALLOTREE_BUNDLED_SPECS ?? process.env.NODE_V8_COVERAGE) !== undefined) return;
  const files = sources();
  const madeFrom = [...files, join(root, '.swcrc'), join(root, 'package-lock.json')];
  const make = (folder) => bundleInto(folder, files);
  process.env.ALLOTREE_BUNDLED_SPECS = await keptFolder('bundled-specs', madeFrom, make);
}

/** The bundle of a spec. */
export const bundleOf = (spec) => join(process.env.ALLOTREE_BUNDLED_SPECS, `${nameOf(spec)}.mjs`);
