#!/usr/bin/env node
import { fork } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEmbeddedPostgres } from '@allotree/embedded-postgres';
import { describeServer } from './database.mjs';
import { FIGURES } from './figures.mjs';

import { renderTable } from './table.mjs';

const HOME = join(import.meta.dirname, '..');

const HELP = `Usage: npm run bench -- [--only <name>]... [--quick]

Measures Allotree against its peers and its limits on one embedded PostgreSQL with durable commits. Progress goes to stderr,
one table to stdout and bench/results/latest.json. Exits with 1 when a target is missed or a figure could not be taken.

  --only <name>  only this figure; may be repeated
  --quick        short rounds and small trees: shows that everything runs, its figures mean little
  --help         this text

Figures:
${FIGURES.map(({ name, about, onRequest }) => `  ${name.padEnd(14)} ${about}${onRequest ? ' (only on request)' : ''}`).join('\n')}
`;

const log = (line) => process.stderr.write(`${line}\n`);

/** Each figure runs in its own process, so that heap and compiled code are not shared. */
function takeFigure(name, task) {
  return new Promise((resolve) => {
    const child = fork(join(import.meta.dirname, 'take-figure.mjs'), [name], {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    let rows = [];
    child.on('message', (message) => (rows = message));
    child.on('exit', (code) => resolve(code === 0 ? rows : [{ figure: name, error: `stopped with ${code}` }]));
    child.send(task);
  });
}

async function takeAll(names, quick) {
  await mkdir(join(HOME, 'tmp'), { recursive: true });
  const dataDir = join(HOME, 'tmp', `data-${process.pid}`);
  const postgres = await startEmbeddedPostgres({ dataDir, log: (line) => log(`  ${line}`) });
  const stop = () => postgres.stop().finally(() => process.exit(130));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    const server = await describeServer(postgres.connectionString);
    log(`PostgreSQL ${server.version}, fsync ${server.fsync}, one commit ${server.commitMs} ms`);
    const rows = [];
    for (const name of names) {
      log(`\n${name}`);
      rows.push(...(await takeFigure(name, { server: postgres.connectionString, quick })));
    }
    return { server, rows };
  } finally {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

const { values } = parseArgs({
  options: { only: { type: 'string', multiple: true }, quick: { type: 'boolean' }, help: { type: 'boolean' } },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const known = FIGURES.map(({ name }) => name);
const byDefault = FIGURES.filter(({ onRequest }) => !onRequest).map(({ name }) => name);
const unknown = (values.only ?? []).filter((name) => !known.includes(name));
if (unknown.length > 0) {
  log(`There is no figure ${unknown.join(', ')}. Figures: ${known.join(', ')}.`);
  process.exit(2);
}

const { server, rows } = await takeAll(values.only ?? byDefault, values.quick ?? false);
const machine = { cores: cpus().length, memoryGb: Math.round(totalmem() / 2 ** 30), node: process.version };
await mkdir(join(HOME, 'results'), { recursive: true });
const report = { takenAt: new Date().toISOString(), quick: values.quick ?? false, machine, server, rows };
await writeFile(join(HOME, 'results', 'latest.json'), `${JSON.stringify(report, null, 2)}\n`);
process.stdout.write(renderTable(report));
process.exit(
  rows.every((row) => row.met === true || row.target === undefined) && !rows.some((row) => row.error) ? 0 : 1,
);
