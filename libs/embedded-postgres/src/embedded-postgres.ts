import type { ChildProcess } from 'node:child_process';
import { mkdir, open, readFile, realpath, stat, truncate } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { StartError } from '@allotree/basics/start-error';
import { postgresAccount, spawnAs, type Account } from './postgres-account.js';
import { serverFailure, unknownFailure } from './server-failure.js';
import { postgresBinaries, type PostgresBinaries } from './postgres-binaries.js';
import {
  cleanEnvironment,
  disownPostmasterFile,
  isAlive,
  isServerOf,
  openCluster,
  passwordOf,
  postmasterOf,
  ROLE,
  type Cluster,
  type Postmaster,
} from './postgres-cluster.js';

export interface EmbeddedPostgresOptions {
  /** The folder of the data; created when it does not exist. */
  readonly dataDir: string;
  /** Default: any free port. */
  readonly port?: number;
  /** `false`: commits do not wait for the disk, for data that is thrown away. Default: true. */
  readonly durable?: boolean;
  /** Receives a line about each step. */
  readonly log?: (message: string) => void;
}

export interface EmbeddedPostgres {
  /** Includes the password; reachable from this machine only. */
  readonly connectionString: string;
  /** Resolves when the server has ended, for any reason, with its exit code or the signal that ended it. */
  readonly ended: Promise<string>;
  /** Ends all connections, and resolves when the server has exited and its data is on the disk. */
  stop(): Promise<void>;
}

/** Another running process uses the data folder. */
export class EmbeddedPostgresInUse extends StartError {
  override readonly name = 'EmbeddedPostgresInUse';

  constructor(
    readonly dataDir: string,
    /** The process that uses it, if known. */
    readonly pid: number | null,
  ) {
    super(
      `The data folder ${dataDir} is in use by another running Allotree${pid === null ? '' : ` (process ${pid})`}. Stop that one, or use another DATA_DIR.`,
    );
  }
}

interface Site {
  readonly dataDir: string;
  readonly cluster: Cluster;
  readonly account: Account | null;
  readonly binaries: PostgresBinaries;
  readonly log: (message: string) => void;
  readonly port: number | undefined;
  readonly durable: boolean;
}

/** The holder of this advisory lock in the database `postgres` owns the server. The lock is released when its process dies. */
const OWNER_LOCK = 6_202_611_241;
const ROUNDS = 8;
const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 60_000;
const POLL_MS = 30;
/** A live process that has started a server takes the lock within this time. */
const SETTLING_MS = 1_500;
const LOG_BYTES = 10_000_000;
const LOG_LOOK_MS = 60_000;

/**
 * Starts an embedded PostgreSQL on a data folder, with durable commits. A server left running by a killed owner is stopped first, losing
 * nothing that was committed.
 * @throws EmbeddedPostgresInUse when the owner of the folder's server is alive
 */
export async function startEmbeddedPostgres({
  dataDir,
  port,
  durable = true,
  log = () => undefined,
}: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  await mkdir(dataDir, { recursive: true });
  const folder = await realpath(dataDir);
  const account = await postgresAccount(join(folder, 'data'));
  const binaries = await postgresBinaries(account);
  const cluster = await openCluster(folder, account, binaries, log);
  const site: Site = { dataDir: folder, cluster, account, binaries, log, port, durable };
  let written = '';
  for (let round = 0; round < ROUNDS; round += 1) {
    await removeStaleServer(site);
    const logged = await sizeOf(logOf(site));
    const started = await tryToStart(site);
    if (started !== null) return started;
    written = await writtenSince(site, logged);
    const failure = serverFailure(folder, written);
    if (failure !== null) throw failure;
    await delay(POLL_MS * (round + 1));
  }
  throw unknownFailure(folder, written);
}

const connectionString = (password: string, port: number): string =>
  `postgres://${ROLE}:${password}@127.0.0.1:${port}/${ROLE}`;

/** The address of the server that runs on a data folder; `null` when none does. */
export async function runningEmbeddedPostgres(dataDir: string): Promise<string | null> {
  const folder = join(dataDir, 'data');
  const postmaster = await postmasterOf(folder);
  if (postmaster === null || postmaster.port === 0 || !(await isServerOf(await realpath(folder), postmaster.pid)))
    return null;
  return connectionString(await passwordOf(folder), postmaster.port);
}

/** The same for the data folder of a system, be it a single process or a cluster with a server of its own. */
export const runningPostgres = async (folder: string): Promise<string | null> =>
  (await runningEmbeddedPostgres(folder)) ?? runningEmbeddedPostgres(join(folder, 'postgres'));

/** Cleans up after an earlier server: stops one without an owner, and takes back a pid file that names another process. */
async function removeStaleServer(site: Site): Promise<void> {
  const { folder } = site.cluster;
  const postmaster = await postmasterOf(folder);
  if (postmaster === null) return;
  if (!(await isServerOf(folder, postmaster.pid))) {
    if (isAlive(postmaster.pid) && postmaster.pid !== process.pid) await disownPostmasterFile(folder);
    return;
  }
  const owner = await ownerOf(site, postmaster);
  if (owner.exists) throw new EmbeddedPostgresInUse(site.dataDir, owner.pid);
  if (!isAlive(postmaster.pid)) return;
  site.log('stopping the database server that an earlier run left behind');
  signal(postmaster.pid, 'SIGINT');
  await waitUntilGone(postmaster.pid);
}

/** Asks a running server whether its owner is alive. A server that is stopping or cannot be asked has none. */
async function ownerOf(site: Site, { pid, port }: Postmaster): Promise<{ exists: boolean; pid: number | null }> {
  const deadline = Date.now() + SETTLING_MS;
  let serverPort = port;
  while (isAlive(pid)) {
    const client = await connect(site.cluster, serverPort);
    if (client !== null) {
      const { owned, owner, age } = await askForOwner(client);
      await client.end();
      if (owned) return { exists: true, pid: owner };
      if (age > SETTLING_MS) break;
    }
    if (Date.now() > deadline) break;
    await delay(POLL_MS * 5);
    serverPort = (await postmasterOf(site.cluster.folder))?.port ?? serverPort;
  }
  return { exists: false, pid: null };
}

async function askForOwner(client: pg.Client): Promise<{ owned: boolean; owner: number | null; age: number }> {
  const { rows } = await client.query<{ owner: string | null; age: string }>(
    `SELECT (SELECT activity.application_name FROM pg_locks JOIN pg_stat_activity AS activity USING (pid)
              WHERE locktype = 'advisory' AND granted AND (classid::bigint << 32) + objid::bigint = $1 LIMIT 1) AS owner,
            extract(epoch FROM clock_timestamp() - pg_postmaster_start_time()) * 1000 AS age`,
    [OWNER_LOCK],
  );
  const owner = rows[0]?.owner ?? null;
  return { owned: owner !== null, owner: Number(/ (\d+)$/.exec(owner ?? '')?.[1]) || null, age: Number(rows[0]?.age) };
}

/** `null` when it ended at once, most likely because another process took the port or the folder first. */
async function tryToStart(site: Site): Promise<EmbeddedPostgres | null> {
  const port = site.port ?? (await freePort());
  const child = await launch(site, port);
  const { pid } = child;
  if (pid === undefined) throw new StartError(`PostgreSQL could not be started: ${site.binaries.postgres}`);
  const stopWithUs = (): void => signal(pid, 'SIGINT');
  process.once('exit', stopWithUs);
  const owner = await becomeOwner(site, child, port);
  if (owner === null) {
    process.removeListener('exit', stopWithUs);
    return null;
  }
  await createDatabase(owner);
  // The server ends this connection when it stops, which is expected.
  owner.on('error', () => undefined);
  let stopping: Promise<void> | undefined;
  const ended = endOf(child);
  const keepingLogSmall = setInterval(() => {
    keepSmall(logOf(site)).catch(() => undefined);
  }, LOG_LOOK_MS).unref();
  child.once('exit', () => {
    clearInterval(keepingLogSmall);
    process.removeListener('exit', stopWithUs);
    if (stopping === undefined) site.log(`the database server ended unexpectedly; see ${logOf(site)}`);
  });
  const stop = async (): Promise<void> => {
    signal(pid, 'SIGINT');
    await waitUntilGone(pid);
    process.removeListener('exit', stopWithUs);
    await owner.end().catch(() => undefined);
  };
  return {
    connectionString: connectionString(site.cluster.password, port),
    ended,
    stop: () => (stopping ??= stop()),
  };
}

const endOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    const tell = (code: number | null, by: string | null): void => resolve(by ?? `exit code ${code}`);
    if (child.exitCode !== null || child.signalCode !== null) tell(child.exitCode, child.signalCode);
    else child.once('exit', tell);
  });

/** In a process group of its own: Ctrl-C is for this process, which stops the server after everything else. */
async function launch(site: Site, port: number): Promise<ChildProcess> {
  const { binaries, cluster, account, dataDir, durable } = site;
  const output = await openLog(join(dataDir, 'postgres.log'));
  try {
    const parameters = (folder: string): string[] => [
      '-D',
      folder,
      '-p',
      String(port),
      ...Object.entries(settings(durable)).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ];
    const child = await spawnAs(
      account,
      { program: binaries.postgres, folder: cluster.folder, parameters },
      { detached: true, stdio: ['ignore', output.fd, output.fd], env: cleanEnvironment() },
    );
    child.on('error', (error) => site.log(`PostgreSQL could not be started: ${error.message}`));
    child.unref();
    return child;
  } finally {
    await output.close();
  }
}

/** For a machine of two cores: every commit is on the disk before it is answered, checkpoints are rare, plans are serial. */
function settings(durable: boolean): Record<string, string> {
  const bufferMegabytes = Math.min(256, Math.max(64, Math.floor(totalmem() / 8 / 1_048_576)));
  return {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    // One process with all services keeps about 60 open.
    max_connections: '200',
    // For passwords that people choose, unlike that of the cluster.
    scram_iterations: '4096',
    shared_buffers: `${bufferMegabytes}MB`,
    fsync: durable ? 'on' : 'off',
    synchronous_commit: durable ? 'on' : 'off',
    full_page_writes: durable ? 'on' : 'off',
    wal_buffers: '16MB',
    min_wal_size: '256MB',
    max_wal_size: '2GB',
    checkpoint_timeout: '15min',
    max_parallel_workers_per_gather: '0',
    jit: 'off',
    random_page_cost: '1.1',
    log_timezone: 'UTC',
    timezone: 'UTC',
    log_line_prefix: '%m [%p] %a ',
  };
}

/** The connection that holds the owner's lock, or `null` when the server ended or belongs to another process. */
async function becomeOwner(site: Site, child: ChildProcess, port: number): Promise<pg.Client | null> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) return null;
    const client = await connect(site.cluster, port);
    if (client !== null) {
      const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [OWNER_LOCK]);
      if (rows[0]?.taken === true) return client;
      await client.end();
      throw new EmbeddedPostgresInUse(site.dataDir, null);
    }
    if (Date.now() > deadline) {
      signal(child.pid, 'SIGQUIT');
      throw unknownFailure(site.dataDir, await writtenSince(site, 0));
    }
    await delay(POLL_MS);
  }
}

async function createDatabase(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [ROLE]);
  if (rowCount === 0) await client.query(`CREATE DATABASE ${ROLE}`);
}

/** `null` when there is no answer, or the password is wrong. */
async function connect({ password }: Cluster, port: number): Promise<pg.Client | null> {
  if (port === 0) return null;
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: ROLE,
    password,
    database: 'postgres',
    application_name: `allotree owner ${process.pid}`,
    connectionTimeoutMillis: 5_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch {
    await client.end().catch(() => undefined);
    return null;
  }
}

async function waitUntilGone(pid: number): Promise<void> {
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while (isAlive(pid)) {
    // An immediate shutdown: the next start recovers from the log.
    if (Date.now() > deadline) signal(pid, 'SIGQUIT');
    await delay(POLL_MS);
  }
}

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function openLog(path: string): Promise<Awaited<ReturnType<typeof open>>> {
  await keepSmall(path);
  return open(path, 'a', 0o600);
}

/** The server appends, so it continues at the new end. */
async function keepSmall(path: string): Promise<void> {
  if ((await sizeOf(path)) > LOG_BYTES) await truncate(path).catch(() => undefined);
}

const logOf = ({ dataDir }: Site): string => join(dataDir, 'postgres.log');

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    (file) => file.size,
    () => 0,
  );

/** The server's log after a position; all of it where the file was truncated since. */
async function writtenSince(site: Site, position: number): Promise<string> {
  const text = await readFile(logOf(site)).catch(() => Buffer.alloc(0));
  return text.subarray(text.length < position ? 0 : position).toString('utf8');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

const delay = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
