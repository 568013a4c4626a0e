/** Runs the services as separate processes behind nginx on one machine, and restarts processes that die. */
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readConfiguration } from '../../apps/standalone/dist/configuration.js';
import { DataFolder } from '../../apps/standalone/dist/data-folder.js';
import { keepSignIn } from '../../apps/standalone/dist/local-sign-in.js';
import { BACKENDS } from './backends.mjs';
import { consumersJoined } from './consumers-joined.mjs';
import { startNginx } from './nginx.mjs';
import { freePort, holdFolder, startServer } from './server.mjs';

const root = join(import.meta.dirname, '../..');
const WATCH_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

export const DEFAULT_REPLICAS = { group: 2, license: 2, notification: 1, reporting: 1 };

/** A variable is set directly or as a file. */
const isNamed = (environment, variable) => Boolean(environment[variable] || environment[`${variable}_FILE`]);

/** Default backends to start: all, unless the environment sets any of them. */
export const backendsToStart = (environment) => {
  const names = Object.keys(BACKENDS);
  return names.some((name) => isNamed(environment, BACKENDS[name].variable)) ? [] : names;
};

const builtProgram = (service) => join(root, 'apps', service, 'dist/main.js');

/** How to run one replica of a service. */
const replica = (service, number, { environment, program }) => ({
  name: `${service}-service-${number}`,
  portNames: ['http'],
  stopSignal: 'SIGTERM',
  requirePrograms: () => undefined,
  prepare: () => undefined,
  launch: ({ ports }) => ({
    program: process.execPath,
    args: ['--max-semi-space-size=64', '--enable-source-maps', program(`${service}-service`)],
    env: { ...environment, HOST: '127.0.0.1', PORT: String(ports.http) },
  }),
  isReady: async ({ ports }) =>
    (await fetch(`http://127.0.0.1:${ports.http}/health/ready`, { signal: AbortSignal.timeout(2_000) })).ok,
  address: ({ ports }) => `http://127.0.0.1:${ports.http}`,
});

/**
 * Starts everything; resolves once it is ready.
 *
 * @param {object} options
 * @param {string} options.dataDir folder for data, secrets, logs and the session of command-line tools
 * @param {string} [options.host] address on which nginx listens
 * @param {number} [options.port] port of nginx; 0 is any free port
 * @param {string[]} [options.backends] backends to start; the environment sets the others
 * @param {{group: number, license: number, notification: number, reporting: number}} [options.replicas]
 * @param {NodeJS.ProcessEnv} [options.environment] additional environment variables of the services
 * @param {(service: string) => string} [options.program] the main file of a service
 * @param {(line: string) => void} [options.say] called when a process has died and was restarted
 */
export async function startCluster({
  dataDir,
  host = '127.0.0.1',
  port = 0,
  environment = process.env,
  backends = backendsToStart(environment),
  replicas = DEFAULT_REPLICAS,
  program = builtProgram,
  say = () => undefined,
}) {
  const folder = await DataFolder.open(dataDir);
  const letGo = await holdFolder(folder.path, 'A cluster');
  const cluster = new Cluster(folder, letGo, say);
  try {
    const named = await cluster.startBackends(backends);
    await cluster.startServices({
      host,
      port: port || (await freePort()),
      replicas,
      program,
      environment: { ...environment, ...named },
    });
    await consumersJoined(named.KAFKA_BROKERS);
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

class Cluster {
  #folder;
  #letGo;
  #say;
  #servers = new Map();
  /** Processes that should be running. */
  #wanted = new Set();
  #watching = [];
  #ending = new AbortController();
  #session;
  #stopping;

  constructor(folder, letGo, say) {
    this.#folder = folder;
    this.#letGo = letGo;
    this.#say = say;
    // Each process that is watched listens.
    setMaxListeners(0, this.#ending.signal);
  }

  /** URL of nginx. */
  url;
  /** The administrator's password, if it was just generated. */
  password = null;
  /** Environment of the services: the addresses of the backends. */
  environment;

  /** `[{ name, pid, address, logFile }]`, backends first. */
  get processes() {
    return [...this.#servers.values()].map(({ name, pid, address, logFile }) => ({ name, pid, address, logFile }));
  }

  /**
   * A process by name, for example `license-service-1`, to kill, pause or resume it. A process that dies is restarted.
   */
  server(name) {
    const server = this.#servers.get(name);
    if (!server) throw new Error(`process ${name} does not exist; there are ${[...this.#servers.keys()].join(', ')}`);
    return server;
  }

  kill(name) {
    return this.server(name).kill();
  }

  /** The process stays down until `resumeProcess`. */
  async stopProcess(name) {
    this.#wanted.delete(name);
    await this.server(name).stop();
  }

  async resumeProcess(name) {
    await this.server(name).start();
    this.#wanted.add(name);
  }

  /** Stops everything in reverse order: nginx first, the backends last. */
  stop() {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async startBackends(names) {
    const servers = await this.#startAll(names.map((name) => () => startServer(BACKENDS[name], this.#on(name))));
    return Object.fromEntries(servers.map((server) => [BACKENDS[server.name].variable, server.address]));
  }

  async startServices({ host, port, replicas, program, environment }) {
    const url = `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
    const { password, ...secrets } = await this.#secrets(environment);
    this.environment = {
      LICENSE_SERVICE_URL: url,
      PUBLIC_URL: url,
      TRUSTED_PROXIES: 'loopback',
      SHUTDOWN_DELAY_MS: '250',
      ...environment,
      ...secrets,
    };
    const ports = {};
    // Replicas of one service start concurrently; starting all services at once is slower on a small machine.
    for (const [service, count] of Object.entries(replicas)) {
      const how = { program, environment: this.environment };
      const recipes = Array.from({ length: count }, (_, index) => replica(service, index + 1, how));
      const started = await this.#startAll(recipes.map((recipe) => () => startServer(recipe, this.#on(recipe.name))));
      ports[service] = started.map((server) => server.port);
    }
    await this.#startAll([() => startNginx({ host, ports }, { ...this.#on('nginx'), port })]);
    this.url = url;
    await password.keep();
    this.password = password.generated;
    this.#session = await keepSignIn(this.#folder, url, this.environment, this.#clocks(Object.keys(replicas)));
  }

  /** nginx leads to one replica of a service at a time, so the clock of each is moved at its own address. */
  #clocks(services) {
    if (this.environment.TEST_CLOCK !== '1') return undefined;
    const isOf = ({ name }) => services.some((service) => name.startsWith(`${service}-service-`));
    return [...this.#servers.values()].filter(isOf).map(({ address }) => address);
  }

  /**
   * Missing secrets are generated and stored in the folder. The password stays in this process; the services only get
   * its hash.
   */
  async #secrets(environment) {
    const { ADMIN_EMAIL, ADMIN_PASSWORD, ADMIN_PASSWORD_HASH, TOKEN_SECRET } = readConfiguration(environment);
    const password = ADMIN_PASSWORD_HASH
      ? { hash: ADMIN_PASSWORD_HASH, generated: null, keep: () => undefined }
      : await this.#folder.administratorPassword(ADMIN_PASSWORD);
    return {
      password,
      ADMIN_EMAIL,
      ADMIN_PASSWORD: '',
      ADMIN_PASSWORD_FILE: '',
      ADMIN_PASSWORD_HASH: password.hash,
      ADMIN_PASSWORD_HASH_FILE: '',
      TOKEN_SECRET: TOKEN_SECRET ?? (await this.#folder.tokenSecret()),
      TOKEN_SECRET_FILE: '',
    };
  }

  #on(name) {
    return { dataDir: join(this.#folder.path, name) };
  }

  async #startAll(starts) {
    const results = await Promise.allSettled(starts.map((start) => start()));
    const started = results.filter(({ status }) => status === 'fulfilled').map(({ value }) => value);
    for (const server of started) {
      this.#servers.set(server.name, server);
      this.#wanted.add(server.name);
      this.#watching.push(this.#watch(server));
    }
    const failed = results.find(({ status }) => status === 'rejected');
    if (failed) throw failed.reason;
    return started;
  }

  /** Restarts a process that has died, after a delay that grows while it keeps dying. */
  async #watch(server) {
    let pause = WATCH_MS;
    while (await this.#rests(pause)) {
      if (!this.#wanted.has(server.name) || server.pid !== null) continue;
      this.#say(`${server.name} has stopped, restarting it. Log: ${server.logFile}`);
      pause = await server.start().then(
        () => WATCH_MS,
        () => Math.min(pause * 2, LONGEST_PAUSE_MS),
      );
      this.#say(
        server.pid === null
          ? `${server.name} does not start.`
          : `${server.name} is running again (process ${server.pid}).`,
      );
    }
  }

  /** Returns `false` if it was woken up because everything is stopping. */
  async #rests(milliseconds) {
    return delay(milliseconds, true, { signal: this.#ending.signal }).catch(() => false);
  }

  async #stopAll() {
    await this.#session?.end();
    this.#wanted.clear();
    this.#ending.abort();
    const servers = [...this.#servers.values()];
    const isBackend = ({ name }) => Object.hasOwn(BACKENDS, name);
    const isDoor = ({ name }) => name === 'nginx';
    const stopThose = (which) => Promise.all(servers.filter(which).map((server) => server.stop()));
    await stopThose(isDoor);
    await stopThose((server) => !isDoor(server) && !isBackend(server));
    await Promise.all(this.#watching);
    await stopThose(isBackend);
    await this.#letGo();
  }
}
