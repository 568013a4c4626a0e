/**
 * Runs a server program on its own data folder: starts, stops, kills, pauses and restarts it on the same data and port.
 * Differences between programs are in their recipes (kafka.mjs, postgres.mjs, redis.mjs, nginx.mjs).
 */
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, openSync, closeSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { birthOf, childrenOf, signal } from './process-identity.mjs';

const STATE_FILE = 'server.json';
const LOCK_FILE = 'server.lock';
const POLL_MS = 50;
const READY_MS = 90_000;
const STOP_MS = 30_000;
const STARTS = 5;

/** A program is not installed; the message says how to install it. */
export class MissingProgram extends Error {
  name = 'MissingProgram';

  /**
   * @param {string} program the missing program
   * @param {string} remedy how to get it other than from Debian packages
   * @param {string[]} packages the Debian packages that contain it
   */
  constructor(program, remedy, packages) {
    super(`${program} is missing. ${remedy} On Debian: apt-get install ${packages.join(' ')}`);
    this.packages = packages;
  }
}

/** The path of a program, or `null`. Includes `/usr/sbin`, where Debian installs servers. */
export function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Ports of this process: a server that is still starting does not listen at its own yet. */
const given = new Set();

/** A free TCP port of this machine that this process has not given to another server. */
export async function freePort() {
  for (;;) {
    const port = await unusedPort();
    if (given.has(port)) continue;
    given.add(port);
    return port;
  }
}

function unusedPort() {
  return new Promise((resolvePort, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolvePort(port));
    });
  });
}

/**
 * Starts a server, or uses the one already running on the data folder. Resolves once it is ready.
 *
 * @param {object} recipe see `Server`
 * @param {object} [options]
 * @param {string} [options.dataDir] folder for data, log and pid file; default a temporary folder
 * @param {number} [options.port] default: the port of the last start on the folder, else any free port
 * @param {boolean} [options.detached] whether it outlives this process
 */
export async function startServer(recipe, { dataDir, port, detached = false } = {}) {
  recipe.requirePrograms();
  const folder = dataDir ? resolve(dataDir) : await mkdtemp(join(tmpdir(), `allotree-${recipe.name}-`));
  await mkdir(folder, { recursive: true });
  const server = new Server(recipe, { folder, port, detached, isTemporary: dataDir === undefined });
  await server.start();
  return server;
}

/** The server of a data folder, running or not; `null` if none was ever started. */
export function serverOn(recipe, dataDir) {
  const folder = resolve(dataDir);
  return existsSync(join(folder, STATE_FILE)) ? new Server(recipe, { folder, detached: true }) : null;
}

/**
 * A recipe is `{ name, portNames, stopSignal, requirePrograms(), prepare(site), launch(site), isReady(site),
 * complete?(site), address(site) }`, where a site is `{ folder, ports }` and `launch` returns `{ program, args, env?,
 * start? }`.
 */
export class Server {
  #recipe;
  #options;
  #state;
  #isWanted = false;

  constructor(recipe, options) {
    this.#recipe = recipe;
    this.#options = options;
    this.#state = readState(options.folder);
  }

  get name() {
    return this.#recipe.name;
  }

  get folder() {
    return this.#options.folder;
  }

  get logFile() {
    return join(this.folder, `${this.name}.log`);
  }

  /** The port for clients. */
  get port() {
    return this.#state.ports[this.#recipe.portNames[0]];
  }

  /** The process id; `null` if it is not running. */
  get pid() {
    const { pid, birth } = this.#state;
    return pid !== undefined && birthOf(pid) === birth ? pid : null;
  }

  /** The address for clients: a URL, or `host:port`. */
  get address() {
    return this.#recipe.address(this.#site);
  }

  /** Does nothing if it is running. Of two concurrent starts on one folder the second waits and finds it running. */
  async start() {
    this.#isWanted = true;
    const release = await lock(this.folder);
    try {
      this.#state = readState(this.folder);
      if (this.pid === null) await this.#startProcess();
    } finally {
      await release();
    }
  }

  /** Stops it and waits until it has ended; kills it if it does not react. Cancels a start in progress. */
  async stop() {
    this.#isWanted = false;
    const { pid } = this;
    if (pid === null) return;
    const { birth } = this.#state;
    signal(pid, 'SIGCONT');
    signal(pid, this.#recipe.stopSignal);
    if (!(await ends(pid, birth))) await this.kill();
  }

  /** Kills it immediately with all its workers, like a power failure. */
  async kill() {
    const { pid } = this;
    if (pid === null) return;
    const { birth } = this.#state;
    const workers = childrenOf(pid).map((worker) => [worker, birthOf(worker)]);
    signal(pid, 'SIGKILL');
    for (const [worker, birth] of workers) if (birth !== null && birthOf(worker) === birth) signal(worker, 'SIGKILL');
    await ends(pid, birth);
  }

  /** Keeps its connections open but does not respond until `resume`. */
  pause() {
    this.#signalAll('SIGSTOP');
  }

  resume() {
    this.#signalAll('SIGCONT');
  }

  /** Sends a signal to its main process, for example `SIGHUP` to read the configuration again. */
  signal(name) {
    if (this.pid !== null) signal(this.pid, name);
  }

  /** Stops it and deletes a temporary data folder. */
  async remove() {
    await this.stop();
    if (this.#options.isTemporary) await rm(this.folder, { recursive: true, force: true });
  }

  get #site() {
    return { folder: this.folder, ports: this.#state.ports };
  }

  async #startProcess() {
    for (let attempt = 1; ; attempt += 1) {
      await this.#choosePorts(attempt);
      await this.#recipe.prepare(this.#site);
      const logStart = await sizeOf(this.logFile);
      const child = await this.#spawn();
      if (await this.#becomesReady()) break;
      await this.kill();
      child?.unref();
      const log = (await readFile(this.logFile, 'utf8').catch(() => '')).slice(logStart);
      // Its port was taken meanwhile, or a killed predecessor has not released its data yet.
      if (attempt === STARTS || !this.#isWanted)
        throw new Error(`${this.name} did not start in ${this.folder}:\n${lastLines(log)}`);
      await delay(POLL_MS * 4 * attempt);
    }
    await this.#recipe.complete?.(this.#site);
  }

  async #choosePorts(attempt) {
    const [first] = this.#recipe.portNames;
    const kept = attempt <= 2 ? this.#state.ports : {};
    const ports = {};
    for (const name of this.#recipe.portNames) ports[name] = kept[name] ?? (await freePort());
    if (this.#options.port !== undefined) ports[first] = this.#options.port;
    this.#options.port ??= attempt <= 2 && kept[first] !== undefined ? kept[first] : undefined;
    this.#state = { ports };
  }

  async #spawn() {
    const { program, args, env = process.env, start = spawn } = await this.#recipe.launch(this.#site);
    const log = openSync(this.logFile, 'a');
    const [command, ...rest] = this.#options.detached
      ? [program, ...args]
      : endingWithUs(this.#recipe.stopSignal, program, args);
    try {
      // A separate process group: Ctrl-C only reaches this process, which stops the server in order.
      const child = await start(command, rest, { cwd: '/', env, detached: true, stdio: ['ignore', log, log] });
      await new Promise((settle, reject) => {
        child.once('error', reject);
        child.once('spawn', settle);
      });
      child.unref();
      this.#state = { ...this.#state, pid: child.pid, birth: birthOf(child.pid) };
      await writeState(this.folder, this.#state);
      return child;
    } finally {
      closeSync(log);
    }
  }

  async #becomesReady() {
    const deadline = performance.now() + READY_MS;
    while (this.pid !== null && performance.now() < deadline) {
      if (await this.#recipe.isReady(this.#site).catch(() => false)) return this.pid !== null;
      await delay(POLL_MS);
    }
    return false;
  }

  #signalAll(name) {
    const { pid } = this;
    if (pid !== null) for (const each of [pid, ...childrenOf(pid)]) signal(each, name);
  }
}

/** Whether a process ends in time. Another of the same server may have been started meanwhile. */
async function ends(pid, birth) {
  const deadline = performance.now() + STOP_MS;
  while (birthOf(pid) === birth && performance.now() < deadline) await delay(POLL_MS);
  return birthOf(pid) !== birth;
}

/** Stops the server however this process ends, where the system supports that (Linux). */
function endingWithUs(stopSignal, program, args) {
  const setpriv = process.platform === 'linux' ? findProgram('setpriv') : null;
  return setpriv === null
    ? [program, ...args]
    : [setpriv, '--pdeathsig', stopSignal.replace('SIG', ''), program, ...args];
}

/** Waits until the folder is not locked by another process. */
async function lock(folder) {
  for (;;) {
    const { release } = await tryLock(join(folder, LOCK_FILE));
    if (release) return release;
    await delay(POLL_MS);
  }
}

/**
 * Locks a folder until the returned function is called or the process ends.
 *
 * @param {string} what the program named in the error if another process holds the lock
 */
export async function holdFolder(folder, what) {
  const { release, holder } = await tryLock(join(folder, 'in-use.lock'));
  if (!release)
    throw new Error(`${what} is already running on ${folder} (process ${holder}). Stop it, or use another folder.`);
  return release;
}

/** Ignores a lock whose holder has died. */
async function tryLock(file) {
  for (;;) {
    const handle = await open(file, 'wx').catch((error) => {
      if (error.code !== 'EEXIST') throw error;
    });
    if (handle) {
      await handle.writeFile(JSON.stringify({ pid: process.pid, birth: birthOf(process.pid) }));
      await handle.close();
      return { release: () => rm(file, { force: true }) };
    }
    const holder = parseOrNull(await readFile(file, 'utf8').catch(() => ''));
    if (holder === null || birthOf(holder.pid) === holder.birth) return { holder: holder?.pid };
    await rm(file, { force: true });
  }
}

const readState = (folder) => {
  try {
    return JSON.parse(readFileSync(join(folder, STATE_FILE), 'utf8'));
  } catch {
    return { ports: {} };
  }
};

async function writeState(folder, state) {
  const file = join(folder, STATE_FILE);
  await writeFile(`${file}.new`, `${JSON.stringify(state)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

function parseOrNull(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const sizeOf = async (file) => (await readFile(file).catch(() => '')).length;
const lastLines = (log) => log.trimEnd().split('\n').slice(-20).join('\n');
