/** The PostgreSQL from the npm dependencies, with durable commits and a generated password. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { postgresAccount, spawnAs } from '../../libs/embedded-postgres/dist/postgres-account.js';
import { postgresBinaries } from '../../libs/embedded-postgres/dist/postgres-binaries.js';
import {
  cleanEnvironment,
  disownPostmasterFile,
  isServerOf,
  openCluster,
  postmasterOf,
  ROLE,
} from '../../libs/embedded-postgres/dist/postgres-cluster.js';
import { startServer } from './server.mjs';

/** Enough connections for several replicas of every service, or for the workers of a test run. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '300',
  // For passwords that people choose, unlike that of the cluster.
  scram_iterations: '4096',
  shared_buffers: '256MB',
  max_wal_size: '2GB',
  max_parallel_workers_per_gather: '0',
  jit: 'off',
};

const clusterFolder = (folder) => join(folder, 'data');
const accountOf = (folder) => postgresAccount(clusterFolder(folder));
const passwordOf = (folder) => readFileSync(join(clusterFolder(folder), 'allotree.password'), 'utf8').trim();
const urlOf = ({ folder, ports }, database) => {
  const password = passwordOf(folder);
  return `postgres://${ROLE}:${password}@127.0.0.1:${ports.postgres}/${database}`;
};

async function query(site, sql) {
  const client = new pg.Client({ connectionString: urlOf(site, 'postgres') });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

export const POSTGRES = {
  name: 'postgres',
  variable: 'DATABASE_URL',
  portNames: ['postgres'],
  stopSignal: 'SIGINT',
  requirePrograms: () => undefined,
  async prepare({ folder }) {
    const account = await accountOf(folder);
    const { folder: cluster } = await openCluster(folder, account, await postgresBinaries(account), () => undefined);
    const postmaster = await postmasterOf(cluster);
    if (postmaster !== null && !(await isServerOf(cluster, postmaster.pid))) await disownPostmasterFile(cluster);
  },
  async launch({ folder, ports }) {
    const account = await accountOf(folder);
    const cluster = clusterFolder(folder);
    const settings = Object.entries({ ...SETTINGS, port: ports.postgres });
    // Replaced by the path under which the account reaches the folder.
    const named = (args, name) => args.map((arg) => (arg === cluster ? name : arg));
    return {
      program: (await postgresBinaries(account)).postgres,
      args: ['-D', cluster, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      env: cleanEnvironment(),
      start: (program, args, options) =>
        spawnAs(account, { program, folder: cluster, parameters: (name) => named(args, name) }, options),
    };
  },
  isReady: async (site) => (await query(site, 'SELECT 1')).length === 1,
  async complete(site) {
    const databases = await query(site, `SELECT 1 FROM pg_database WHERE datname = '${ROLE}'`);
    if (databases.length === 0) await query(site, `CREATE DATABASE ${ROLE}`);
  },
  address: (site) => urlOf(site, ROLE),
};

/** The server of a test run, to which thousands of connections are made: each would hash the password 4,096 times. */
export const POSTGRES_OF_TESTS = {
  ...POSTGRES,
  async complete(site) {
    await POSTGRES.complete(site);
    await query(site, `SET scram_iterations = 1; ALTER ROLE ${ROLE} PASSWORD '${passwordOf(site.folder)}'`);
  },
};

/** A running PostgreSQL; its `address` is the `postgres://` URL of a superuser. Options: see `startServer`. */
export const startPostgres = (options) => startServer(POSTGRES, options);
