/** `npm run backends -- up kafka redis postgres`: real servers for development and tests, without Docker. */
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, fail, requireNode, root } from './workspace.mjs';

requireNode();
await ensureInstalled();
await ensureBuilt();
const { Argument, Command } = await import('commander');
const { BACKENDS, down, environmentOf, known, up } = await import('../deploy/native/backends.mjs');

const ALL = Object.keys(BACKENDS);
const which = () => new Argument('[name...]', 'names of the backends').choices(ALL).default(ALL, 'all');
const dataOption = ['--data <folder>', 'folder for their data, logs and pid files', join(root, '.data-backends')];

const show = (servers) =>
  servers.map(({ name, pid, address, logFile }) =>
    pid === null ? `${name.padEnd(9)} stopped` : `${name.padEnd(9)} process ${pid}, ${address}, log ${logFile}`,
  );
const say = (lines) => console.log(lines.join('\n'));
const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
const exports = (variables) => Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)};`);

const program = new Command('npm run backends --').description(
  'Kafka, Redis and PostgreSQL on this machine, without Docker. They run until you stop them.',
);
program
  .command('up')
  .description('start backends and wait until they are ready')
  .addArgument(which())
  .option(...dataOption)
  .option('--install', 'install missing programs with apt-get (as root on Debian)', process.env.CI === 'true')
  .action(async (names, { data, install }) => {
    const servers = await up(names, { dataDir: data, install });
    say([...show(servers), '', ...exports(environmentOf(servers))]);
  });
program
  .command('down')
  .description('stop backends; their data is kept')
  .addArgument(which())
  .option(...dataOption)
  .action(async (names, { data }) => {
    const stopped = await down(names, { dataDir: data });
    say([stopped.length === 0 ? 'nothing is running' : `stopped ${stopped.join(', ')}`]);
  });
program
  .command('status')
  .description('show the state and address of backends')
  .addArgument(which())
  .option(...dataOption)
  .action((names, { data }) => {
    const servers = known(names, data);
    say(servers.length === 0 ? ['no backend has been started'] : show(servers));
  });
program
  .command('env')
  .description('print export statements: eval $(npm run -s backends -- env)')
  .addArgument(which())
  .option(...dataOption)
  .option('--tests', 'use the variables of the specs: ALLOTREE_TEST_...', false)
  .action((names, { data, tests }) => say(exports(environmentOf(known(names, data), { forTests: tests }))));

await program.parseAsync().catch((error) => fail(error.message));
