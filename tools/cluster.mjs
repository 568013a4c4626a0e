/** `npm run cluster`: the services as processes of their own, two replicas each, behind nginx, on real backends. */
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, fail, requireNode, root } from './workspace.mjs';

requireNode();
await ensureInstalled();
await ensureBuilt();
const { Command, InvalidArgumentError } = await import('commander');
const { BACKENDS, ensurePrograms } = await import('../deploy/native/backends.mjs');
const { backendsToStart, startCluster } = await import('../deploy/native/cluster.mjs');

const { DATA_DIR, PORT = '8080', HOST = '127.0.0.1', ADMIN_EMAIL = 'admin@allotree.local', CI } = process.env;

const number = (from, to) => (text) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < from || value > to)
    throw new InvalidArgumentError(`A whole number from ${from} to ${to}.`);
  return value;
};

const program = new Command('npm run cluster --')
  .description(
    'The services as processes of their own behind nginx, on the backends that the environment names (DATABASE_URL, ' +
      'EVENT_STORE_URL, KAFKA_BROKERS, REDIS_URL), or on some that are started for it. A process that dies is started again.',
  )
  .option('--data <folder>', 'where data, secrets and logs are kept', DATA_DIR ?? join(root, '.data-cluster'))
  .option('--port <port>', 'where the front door answers; 0 takes any free port', number(0, 65_535), Number(PORT))
  .option('--host <address>', 'on which address; 0.0.0.0 lets other machines in', HOST)
  .option(
    '--backends [names...]',
    `start these instead: ${Object.keys(BACKENDS).join(', ')} (all of them, where the environment names none)`,
  )
  .option('--replicas <number>', 'of the group service and of the license service', number(1, 16), 2)
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
  if (unknown !== undefined)
    throw new Error(`there is no backend ${unknown}, only ${Object.keys(BACKENDS).join(', ')}.`);
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
    replicas: { group: replicas, license: replicas, notification: 1 },
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
  Password       ${password === null ? 'the one you know (forgotten? start with ADMIN_PASSWORD=...)' : `${password}   (made now, shown only once)`}

  Process                 Number   Answers at                           Log
${processes.map(row).join('\n')}

  See it work:   npm run demo -- --data-dir ${options.data}   (in another terminal)
  Stop:          Ctrl-C
`;

try {
  const starting = start();
  let wishes = 0;
  const stop = async () => {
    wishes += 1;
    if (wishes > 1) return;
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
