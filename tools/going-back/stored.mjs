/** What this version stores: migrations and types of stored events. `npm run released` keeps those of a release. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as domain from '@allotree/domain';
import { filesBelow } from '../files-below.mjs';

const isCode = (file) => file.endsWith('.ts') && !/\.(spec|fixture|harness)\.ts$/.test(file);
const MIGRATION = /^apps\/[a-z-]+\/src\/persistence\/(migrations\/)?\d+-[a-z0-9-]+\.ts$/;

/** Files of migrations, relative to the root. */
export const migrationsIn = (root) =>
  readdirSync(join(root, 'apps'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `apps/${name}/src/persistence`)
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => filesBelow(root, folder))
    .filter((file) => MIGRATION.test(file) && isCode(file))
    .sort();

/** Types of stored events, from the aggregates of all streams. */
export const storedEvents = [...new Set(Object.values(domain).flatMap((each) => each?.eventTypes ?? []))].sort();

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
