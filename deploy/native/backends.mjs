/** Backends for development: each in a subfolder of one data folder, running until stopped. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KAFKA } from './kafka.mjs';
import { POSTGRES } from './postgres.mjs';
import { REDIS } from './redis.mjs';
import { MissingProgram, serverOn, startServer } from './server.mjs';

export const BACKENDS = { kafka: KAFKA, redis: REDIS, postgres: POSTGRES };

/** Variables used by the specs, where they differ from those of the services. */
const TEST_VARIABLES = {
  kafka: 'ALLOTREE_TEST_KAFKA_BROKERS',
  redis: 'ALLOTREE_TEST_REDIS_URL',
  postgres: 'ALLOTREE_TEST_DATABASE_URL',
};

/** Starts the backends that are not running, concurrently. */
export const up = (names, { dataDir, install = false }) => {
  for (const name of names) ensurePrograms(BACKENDS[name], install);
  return Promise.all(
    names.map((name) => startServer(BACKENDS[name], { dataDir: join(dataDir, name), detached: true })),
  );
};

/** Stops the running backends and resolves with their names. */
export async function down(names, { dataDir }) {
  const running = known(names, dataDir).filter((server) => server.pid !== null);
  await Promise.all(running.map((server) => server.stop()));
  return running.map((server) => server.name);
}

/** All backends that were ever started on the data folder. */
export const known = (names, dataDir) =>
  names.map((name) => serverOn(BACKENDS[name], join(dataDir, name))).filter((server) => server !== null);

/** `{ DATABASE_URL: 'postgres://...', ... }` of the running backends. */
export const environmentOf = (servers, { forTests = false } = {}) =>
  Object.fromEntries(
    servers
      .filter((server) => server.pid !== null)
      .map((server) => [forTests ? TEST_VARIABLES[server.name] : BACKENDS[server.name].variable, server.address]),
  );

/** @throws MissingProgram if a program is missing and must not be installed */
export function ensurePrograms(recipe, install) {
  for (;;) {
    const missing = missingOf(recipe);
    if (missing === null) return;
    if (!install || !isDebianRoot()) throw missing;
    installPackages(missing.packages);
  }
}

/** The program that a recipe lacks on this machine; `null`: none. */
export function missingOf(recipe) {
  try {
    recipe.requirePrograms();
    return null;
  } catch (error) {
    if (error instanceof MissingProgram) return error;
    throw error;
  }
}

const isDebianRoot = () => existsSync('/etc/debian_version') && process.getuid?.() === 0;

function installPackages(packages) {
  // At run level 1 Debian does not start the servers it installs.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  for (const args of [
    ['update', '-qq'],
    ['install', '-qq', '-y', '--no-install-recommends', ...packages],
  ]) {
    const { status } = spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0) throw new Error(`apt-get could not install ${packages.join(' ')} (see its output above).`);
  }
}
