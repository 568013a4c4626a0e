/** What this version stores: migrations and types of stored events. `npm run released` keeps those of a release. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const isCode = (file) => file.endsWith('.ts') && !/\.(spec|fixture|harness)\.ts$/.test(file);
const MIGRATION = /^apps\/[a-z-]+\/src\/persistence\/(migrations\/)?\d+-[a-z0-9-]+\.ts$/;

/** Files of migrations, relative to the root. */
export const migrationsIn = (root) =>
  readdirSync(join(root, 'apps'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `apps/${name}/src/persistence`)
    .flatMap((folder) => filesBelow(root, folder))
    .filter((file) => MIGRATION.test(file) && isCode(file))
    .sort();

function filesBelow(root, folder) {
  try {
    return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`);
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}

/** Types of stored events, from the codecs of all streams. */
export async function storedEventsIn(root) {
  const folder = join(root, 'libs/domain/src');
  const types = new Set();
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(isCode)) {
    const module = file.replace(/\.ts$/, '');
    // Also in a bundle of specs, esbuild finds the files by this form.
    const exported = Object.values(await import(`../../libs/domain/src/${module}.ts`));
    for (const codec of exported.filter((each) => Array.isArray(each?.types) && typeof each.decode === 'function'))
      for (const type of codec.types) types.add(type);
  }
  return [...types].sort();
}

/** The statements of a migration on the way up after which an earlier version no longer works. */
export function removalsIn(text) {
  const up = /async up\([^]*?(?=async down\(|$)/.exec(text)?.[0] ?? '';
  return [
    ...up.matchAll(
      /\b(DROP (?:TABLE|COLUMN|SCHEMA|FUNCTION)|RENAME (?:TO|COLUMN)|SET NOT NULL|ALTER COLUMN \w+ TYPE)\b/g,
    ),
  ].map(([statement]) => statement);
}

export const read = (root, file) => readFileSync(join(root, file), 'utf8');
