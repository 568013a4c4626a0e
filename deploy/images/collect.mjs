/**
 * `node deploy/images/collect.mjs <service> <folder> [<service> <folder> ...]`: copies exactly what a built service
 * needs at run time into an empty folder: its own files, its workspace packages, and the files it reaches in each
 * dependency. All folders are on one file system.
 */
import { copyFileSync, existsSync, linkSync, lstatSync, mkdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
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

const mainOf = (service) => join('apps', service, 'dist/main.js');

/** Repository paths of everything reachable from the main file of each service. They share most of it, so all are traced at once. */
async function reachedFrom(services) {
  const mains = services.map((service) => join(root, mainOf(service)));
  for (const main of mains) if (!existsSync(main)) throw new Error(`${main} does not exist. Run npm run build.`);
  const { fileList, reasons } = await nodeFileTrace(mains, {
    base: root,
    ignore: NEVER_LOADED,
    conditions: ['node', 'import', 'default'],
  });
  const needs = childrenOf(reasons);
  return services.map((service) => [...closureOf(mainOf(service), needs)].filter((file) => fileList.has(file)));
}

/** The files that each file needs directly, by its path. */
function childrenOf(reasons) {
  const children = new Map();
  for (const [file, { parents }] of reasons)
    for (const parent of parents) children.set(parent, [...(children.get(parent) ?? []), file]);
  return children;
}

function closureOf(main, needs) {
  const reached = new Set([main]);
  // A set iterates over what is added meanwhile as well.
  for (const file of reached) for (const child of needs.get(file) ?? []) reached.add(child);
  return reached;
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

/** Folders that exist, and the first copy of each file. The same file in the image of another service is a hard link to it. */
const made = new Set();
const copies = new Map();

function copy(file, target) {
  const [from, to] = [join(root, file), join(target, file)];
  const folder = dirname(to);
  if (!made.has(folder)) mkdirSync(folder, { recursive: true });
  made.add(folder);
  const first = copies.get(file);
  // Workspace links stay links: node_modules/@allotree/domain -> ../../libs/domain.
  if (first !== undefined) linkSync(first, to);
  else if (lstatSync(from).isSymbolicLink()) symlinkSync(readlinkSync(from), to);
  else copyFileSync(from, to);
  copies.set(file, to);
}

async function fill(target, reached) {
  const files = new Set([...reached, ...(await partsOf(reached))]);
  for (const file of files) copy(file, target);
  const { name, version, license } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  await writeFile(
    join(target, 'package.json'),
    `${JSON.stringify({ name, version, license, private: true, type: 'module' })}\n`,
  );
  return files.size;
}

/** @param {[service: string, folder: string][]} targets */
async function collect(targets) {
  const reached = await reachedFrom(targets.map(([service]) => service));
  for (const [index, [, folder]] of targets.entries())
    console.log(`${await fill(resolve(folder), reached[index])} files in ${folder}`);
}

const args = process.argv.slice(2);
if (args.length === 0 || args.length % 2 !== 0) {
  console.error('usage: node deploy/images/collect.mjs <service> <folder> [<service> <folder> ...]');
  process.exit(2);
}
await collect(Array.from({ length: args.length / 2 }, (_, index) => [args[2 * index], args[2 * index + 1]]));
