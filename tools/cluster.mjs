/** `npm run cluster`: runs the services as separate processes behind nginx, two replicas each, on real backends. */
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, fail, requireNode, root } from './workspace.mjs';

requireNode();
await ensureInstalled();
await ensureBuilt();
const { Command, InvalidArgumentError } = await import('commander');
const { BACKENDS, ensurePrograms } = await import('../deploy/native/backends.mjs');
const { backendsToStart, DEFAULT_REPLICAS, startCluster } = await import('../deploy/native/cluster.mjs');

const { DATA_DIR, PORT = '8080', HOST = '127.0.0.1', ADMIN_EMAIL = 'admin@allotree.local', CI } = process.env;

const number = (from, to) => (text) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < from || value > to)
    throw new InvalidArgumentError(`Must be an integer from ${from} to ${to}.`);
  return value;
};

const program = new Command('npm run cluster --')
  .description(
    'Runs the services as separate processes behind nginx, on the backends set in the environment (DATABASE_URL, ' +
      'EVENT_STORE_URL, KAFKA_BROKERS, REDIS_URL) or on backends started for it. Processes that die are restarted.',
  )
  .option('--data <folder>', 'folder for data, secrets and logs', DATA_DIR ?? join(root, '.data-cluster'))
  .option('--port <port>', 'port of nginx; 0 uses any free port', number(0, 65_535), Number(PORT))
  .option('--host <address>', 'address of nginx; 0.0.0.0 accepts other machines', HOST)
  .option(
    '--backends [names...]',
    `start these backends: ${Object.keys(BACKENDS).join(', ')} (default: all, if the environment sets none)`,
  )
  .option('--replicas <number>', 'replicas of the group service and the license service', number(1, 16), 2)
  .option('--install', 'install missing programs with apt-get (as root on Debian)', CI === 'true')
  .addHelpText(
    'after',
    '\nEvery other setting is an environment variable: docs/reference/configuration.md. Stop with Ctrl-C.',
  );
const options = program.parse().opts();

const chosen = () => {
  if (options.backends === undefined) return backendsToStart(process.env);
  const names = options.backends === true ? Object.keys(BACKENDS) : options.backends;
  const unknown = names.find((name) => !Object.hasOwn(BACKENDS, name));
  if (unknown !== undefined) throw new Error(`unknown backend ${unknown}. Use ${Object.keys(BACKENDS).join(', ')}.`);
  return names;
};

const say = (line) => console.log(line);

async function start() {
  const backends = chosen();
  for (const name of backends) ensurePrograms(BACKENDS[name], options.install);
  say(`Starting ${[...backends, 'the services', 'nginx'].join(', ')} ...`);
  const { replicas } = options;
  const cluster = await startCluster({
    dataDir: options.data,
    host: options.host,
    port: options.port,
    backends,
    replicas: { ...DEFAULT_REPLICAS, group: replicas, license: replicas },
    say,
  });
  return cluster;
}

const row = ({ name, pid, address, logFile }) =>
  `  ${name.padEnd(23)} ${String(pid ?? '-').padEnd(8)} ${address.replace(/\/\/[^@/]*@/, '//').padEnd(36)} ${logFile}`;

const welcome = ({ url, password, processes }) => `
Allotree is running as a cluster.

  API            ${url}/api/v1
  Documentation  ${url}/api/v1/openapi.json  (OpenAPI)
  Administrator  ${ADMIN_EMAIL}
  Password       ${password === null ? 'unchanged (forgotten? start with ADMIN_PASSWORD=...)' : `${password}   (generated, shown only once)`}

  Process                 Number   Answers at                           Log
${processes.map(row).join('\n')}

  See it work:   npm run demo -- --data-dir ${options.data}   (in another terminal)
  Stop:          Ctrl-C
`;

try {
  const starting = start();
  let stopRequests = 0;
  const stop = async () => {
    stopRequests += 1;
    if (stopRequests > 1) return;
    const cluster = await starting;
    say('\nStopping ...');
    await cluster.stop();
    say('Stopped.');
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.on(signal, () => void stop().catch((error) => fail(error.message)));
  say(welcome(await starting));
} catch (error) {
  fail(error.message);
}
