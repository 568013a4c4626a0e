/**
 * `npm run fuzz`: starts the system on a new data folder and sends it requests that Schemathesis makes up from its OpenAPI
 * document. Fails where an answer is a server error or differs from the document.
 *
 * Needs Python 3.10 or newer; Schemathesis is installed into `FUZZ_FOLDER`. A machine without them skips the run and says so.
 * Further arguments are passed on: `npm run fuzz -- --include-path-regex roles --seed 7`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureBuilt, ensureInstalled, requireNode, root } from './workspace.mjs';

const SCHEMATHESIS = '4.32.5';
/** Schemathesis finishes its test case after this, which takes long on a busy machine. */
const SECONDS = 120;
const LIMIT_SECONDS = 240;
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
];
/**
 * These would end the session of the run, the accounts in it, or the projections under it. The stream of changes has no end, and what a
 * provider may send to the callback can be longer than Node accepts in a request line (431).
 */
const EXCLUDED = 'rebuild|auth/revoke|me/password|me/sessions|users/|/changes$|openid/callback';

const folder = process.env.FUZZ_FOLDER ?? join(tmpdir(), `allotree-fuzz-${process.getuid?.() ?? 0}`);
const program = join(folder, `schemathesis-${SCHEMATHESIS}`, 'bin', 'schemathesis');

const isNewEnough = 'import sys; sys.exit(sys.version_info < (3, 10))';
const succeeds = (command, args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** Why Schemathesis cannot be had here, or `null`. */
function missing() {
  if (existsSync(program)) return null;
  if (!succeeds('python3', ['-c', isNewEnough])) return 'there is no Python 3.10 or newer';
  const environment = join(folder, `schemathesis-${SCHEMATHESIS}`);
  if (!succeeds('python3', ['-m', 'venv', environment])) return 'python3 -m venv failed';
  const args = ['install', '--quiet', '--disable-pip-version-check', `schemathesis==${SCHEMATHESIS}`];
  if (succeeds(join(environment, 'bin', 'pip'), args)) return null;
  rmSync(environment, { recursive: true, force: true });
  return `pip could not install schemathesis ${SCHEMATHESIS}`;
}

/** The session that a started system leaves for programs on its machine. */
async function sessionOf(system, data) {
  const file = join(data, 'local-sign-in.json');
  while (!existsSync(file)) {
    if (system.exitCode !== null) throw new Error('the system did not start');
    await sleep(200);
  }
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Resolves to the exit code; a run that does not end in time is stopped and fails. */
async function fuzz({ url, accessToken }) {
  const args = [
    ...['--config-file', join(root, 'tools/schemathesis.toml')],
    ...['run', `${url}/api/v1/openapi.json`, '--header', `Authorization: Bearer ${accessToken}`],
    ...['--phases', 'examples,fuzzing', '--max-time', String(SECONDS), '--checks', CHECKS.join(',')],
    ...['--exclude-path-regex', EXCLUDED, '--no-color', '--output-sanitize', 'true', ...process.argv.slice(2)],
  ];
  const run = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], cwd: folder });
  const limit = setTimeout(() => run.kill('SIGKILL'), LIMIT_SECONDS * 1_000);
  const code = await new Promise((ended) => run.once('close', ended));
  clearTimeout(limit);
  if (code === null) process.stderr.write(`stopped after ${LIMIT_SECONDS} s\n`);
  return code ?? 1;
}

async function main() {
  requireNode();
  const reason = missing();
  if (reason !== null) {
    process.stdout.write(`SKIPPED: ${reason}, so the answers were NOT fuzzed\n`);
    return 0;
  }
  await ensureInstalled();
  await ensureBuilt();
  const data = mkdtempSync(join(tmpdir(), 'allotree-fuzz-data-'));
  const system = spawn(process.execPath, [join(root, 'apps/standalone/dist/main.js')], {
    env: { ...process.env, PORT: '0', DATA_DIR: data },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise((done) => system.once('close', done));
  try {
    return await fuzz(await sessionOf(system, data));
  } finally {
    system.kill('SIGTERM');
    await ended;
    rmSync(data, { recursive: true, force: true });
  }
}

process.exitCode = await main();
