/**
 * `node deploy/images/collect.mjs <service> <folder> [<service> <folder> ...]`: copies exactly what a built service
 * needs at run time into an empty folder: its own files, its workspace packages, and the files it reaches in each
 * dependency.
 */
import { existsSync } from 'node:fs';
import { cp, lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { nodeFileTrace } from '@vercel/nft';

const root = join(import.meta.dirname, '../..');

/** Loaded only on explicit request, which these services never make. */
const NEVER_LOADED = [
  'node_modules/@swc/**',
  'node_modules/@nx/**',
  'node_modules/nx/**',
  'node_modules/typescript/**',
];

/** Analyzed files: the services share most of their dependencies. */
const analyzed = {};

/** Repository paths of everything reachable from the main file of a service. */
async function reachedFrom(service) {
  const main = join(root, 'apps', service, 'dist/main.js');
  if (!existsSync(main)) throw new Error(`${main} does not exist. Run npm run build.`);
  const { fileList } = await nodeFileTrace([main], {
    base: root,
    ignore: NEVER_LOADED,
    conditions: ['node', 'import', 'default'],
    cache: analyzed,
  });
  return [...fileList];
}

/** Workspace packages are copied completely, because templates are read by name. */
async function partsOf(files) {
  const parts = new Set(files.map((file) => /^((?:apps|libs)\/[^/]+)\//.exec(file)?.[1]).filter(Boolean));
  const built = await Promise.all(
    [...parts].map(async (part) =>
      (await readdir(join(root, part, 'dist'), { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) =>
          join(part, 'dist', join(entry.parentPath ?? entry.path, entry.name).slice(join(root, part, 'dist').length)),
        ),
    ),
  );
  return [...built.flat(), ...[...parts].map((part) => join(part, 'package.json'))];
}

async function copy(file, target) {
  const [from, to] = [join(root, file), join(target, file)];
  if (existsSync(to)) return;
  await mkdir(dirname(to), { recursive: true });
  // Workspace links stay links: node_modules/@allotree/domain -> ../../libs/domain.
  if ((await lstat(from)).isSymbolicLink()) await symlink(await readlink(from), to);
  else await cp(from, to);
}

export async function collect(service, folder) {
  const target = resolve(folder);
  const reached = await reachedFrom(service);
  const files = new Set([...reached, ...(await partsOf(reached))]);
  for (const file of files) await copy(file, target);
  const { name, version, license } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  await writeFile(
    join(target, 'package.json'),
    `${JSON.stringify({ name, version, license, private: true, type: 'module' })}\n`,
  );
  return files.size;
}

if (process.argv[1] === import.meta.filename) {
  const args = process.argv.slice(2);
  if (args.length === 0 || args.length % 2 !== 0) {
    console.error('usage: node deploy/images/collect.mjs <service> <folder> [<service> <folder> ...]');
    process.exit(2);
  }
  for (let at = 0; at < args.length; at += 2) {
    const [service, folder] = args.slice(at, at + 2);
    console.log(`${await collect(service, folder)} files in ${folder}`);
  }
}
