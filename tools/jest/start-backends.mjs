/**
 * Jest globalSetup of the projects that need backends: one PostgreSQL for the whole run and, if a selected spec uses
 * them, one Kafka and one Redis, in temporary folders. Backends set by ALLOTREE_TEST_DATABASE_URL (a superuser URL),
 * ALLOTREE_TEST_KAFKA_BROKERS and ALLOTREE_TEST_REDIS_URL are used instead and left running.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingOf } from '../../deploy/native/backends.mjs';
import { KAFKA } from '../../deploy/native/kafka.mjs';
import { POSTGRES_OF_TESTS } from '../../deploy/native/postgres.mjs';
import { REDIS } from '../../deploy/native/redis.mjs';
import { startServer } from '../../deploy/native/server.mjs';
import { CODE_FOLDERS, filesBelow } from '../files-below.mjs';
import bundleApps from './bundled-apps.mjs';
import bundleSpecs from './bundled-specs.mjs';
import { useFolderInMemory } from './folder-in-memory.mjs';
import { prepareData } from './prepared-data.mjs';

const running = Symbol.for('allotree.test-backends');

const BACKENDS = [
  { recipe: POSTGRES_OF_TESTS, variable: 'ALLOTREE_TEST_DATABASE_URL', spokenOf: /^/ },
  { recipe: KAFKA, variable: 'ALLOTREE_TEST_KAFKA_BROKERS', spokenOf: /kafka/i },
  { recipe: REDIS, variable: 'ALLOTREE_TEST_REDIS_URL', spokenOf: /redis/i },
];

/** The helpers of `libs/testing` that start built apps. */
const APP_STARTED = /\b(?:runBuilt|workbench|startSystem|builtProgram)\b/;

/** A whole system that does not start for the first time. */
const SYSTEM_STARTED = /\bworkbench\(\)/;

export default async function startBackends(globalConfig) {
  if (globalThis[running]) return;
  useFolderInMemory();
  await bundleSpecs();
  const specs = selectedSpecs(globalConfig).map((file) => readFileSync(file, 'utf8'));
  const wanted = BACKENDS.filter(
    ({ variable, spokenOf }) => !process.env[variable] && specs.some((text) => spokenOf.test(text)),
  ).filter(isHere);
  if (specs.some((text) => APP_STARTED.test(text))) await bundleApps();
  const isPreparing = isShared(specs) && process.env.ALLOTREE_BUNDLED_APPS !== undefined;
  const [prepared, ...servers] = await Promise.all([isPreparing ? prepareData() : null, ...wanted.map(start)]);
  globalThis[running] = { servers, prepared };
}

/** For a single spec it would be dearer than a first start. */
const isShared = (specs) => specs.filter((text) => SYSTEM_STARTED.test(text)).length > 1;

/** Specs of the projects with backends that this run may select. */
function selectedSpecs({ rootDir, testPathPatterns }) {
  const patterns = testPathPatterns.patterns.map((pattern) => new RegExp(pattern, 'i'));
  return CODE_FOLDERS.flatMap((folder) => filesBelow(rootDir, folder))
    .filter((file) => /\.(int|e2e)\.spec\.ts$/.test(file))
    .map((file) => join(rootDir, file))
    .filter((file) => patterns.length === 0 || patterns.some((pattern) => pattern.test(file)));
}

/** Specs of a backend that is not installed are skipped with the reason; in CI it is an error. */
function isHere({ recipe, variable }) {
  const missing = missingOf(recipe);
  if (missing === null) return true;
  if (process.env.CI === 'true') throw missing;
  process.env[`${variable}_MISSING`] = missing.message;
  return false;
}

async function start({ recipe, variable }) {
  const server = await startServer(recipe);
  process.env[variable] = server.address;
  return { server, variable };
}
