/**
 * Prepares the workspace for every tool: a supported Node version, installed dependencies, built packages. Uses Node
 * built-ins only, because nothing else exists in a fresh clone.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getHeapStatistics } from 'node:v8';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const say = (line) => process.stderr.write(`${line}\n`);

/** Ends the process with a one-line error that says what to do. */
export function fail(line) {
  say(`error: ${line}`);
  process.exit(1);
}

/** Node ^20.19 or >= 22.12: the versions that can load ES modules the way the dependencies require. */
export const isNodeSupported = (version) => {
  const [major, minor] = version.split('.').map(Number);
  if (major === 20) return minor >= 19;
  return major > 22 || (major === 22 && minor >= 12);
};

export function requireNode() {
  if (!isNodeSupported(process.versions.node)) {
    fail(
      `Allotree needs Node 20.19 or newer (22.12 or newer of 22); this is ${process.versions.node}. See https://nodejs.org`,
    );
  }
}

const LEAST_HEAP_MEBIBYTES = 160;
/** `npm start` gives the young generation more than Node would, which Node adds to the limit (`libs/event-sourcing/src/runtime/heap-limit.ts`). */
const YOUNG_GENERATION_MEBIBYTES = process.execArgv.includes('--max-semi-space-size=64') ? 3 * 48 : 0;

/** Checked before installing or building, which would otherwise fail without a helpful message. */
export function requireHeap() {
  const mebibytes = getHeapStatistics().heap_size_limit / 1_048_576 - YOUNG_GENERATION_MEBIBYTES;
  if (mebibytes < LEAST_HEAP_MEBIBYTES)
    fail(
      `Allotree needs a heap of ${LEAST_HEAP_MEBIBYTES} MB, but the limit of this process is ${Math.floor(mebibytes)} MB. ` +
        'Start it with NODE_OPTIONS=--max-old-space-size=256 or more, or on a machine with more memory.',
    );
}

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** Packages required in every installation; optional ones may be for other platforms. */
const wanted = (lock) =>
  Object.entries(lock.packages ?? {}).filter(
    ([path, { optional, extraneous, link }]) => path.startsWith('node_modules/') && !optional && !extraneous && !link,
  );

/** Whether the record of installed packages satisfies the lock file. */
export const holds = (record, lock) =>
  wanted(lock).every(([path, { version }]) => record.packages?.[path]?.version === version);

/** Whether every part of the workspace can be imported by its name. */
const isLinked = (folder, lock) =>
  Object.entries(lock.packages ?? {}).every(([path, { link }]) => !link || existsSync(join(folder, path)));

/** npm writes its record last, so an interrupted installation counts as missing. */
function isInstalled(folder) {
  const record = join(folder, 'node_modules', '.package-lock.json');
  const lock = readJson(join(folder, 'package-lock.json'));
  return existsSync(record) && holds(readJson(record), lock) && isLinked(folder, lock);
}

/** Shows the progress of the installation every few seconds. */
function showProgress(folder, paths) {
  const started = Date.now();
  const isTerminal = process.stderr.isTTY === true;
  const timer = setInterval(
    () => {
      const seconds = Math.round((Date.now() - started) / 1000);
      const done = paths.filter((path) => existsSync(join(folder, path, 'package.json'))).length;
      const line = `  ${done} of ${paths.length} packages, ${seconds} s`;
      process.stderr.write(isTerminal ? `\r${line} ` : `${line}\n`);
    },
    isTerminal ? 500 : 5000,
  );
  return () => {
    clearInterval(timer);
    if (isTerminal) process.stderr.write('\r\u001b[K');
  };
}

/** The npm that runs this script, or the one in PATH. */
const npmCommand = () =>
  process.env.npm_execpath?.endsWith('.js')
    ? { command: process.execPath, first: [process.env.npm_execpath], shell: false }
    : { command: 'npm', first: [], shell: process.platform === 'win32' };

/** Runs a command and resolves with its exit code (130 if a signal ended it). */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? (signal ? 130 : 1)));
  });
}

export async function ensureInstalled(folder = root, what = 'the dependencies') {
  if (isInstalled(folder)) return;
  const paths = wanted(readJson(join(folder, 'package-lock.json'))).map(([path]) => path);
  say(`Installing ${what} (${paths.length} packages, once) ...`);
  const stopProgress = showProgress(folder, paths);
  const npm = (...args) => {
    const { command, first, shell } = npmCommand();
    return run(command, [...first, ...args, '--include=dev', '--no-audit', '--no-fund'], { cwd: folder, shell });
  };
  // Another npm version may consider the lock file incomplete (it lists packages of other platforms); fall back to `npm
  // install`.
  const code = await npm('ci', '--silent')
    .then((failed) => (failed ? npm('install', '--no-save', '--loglevel=error') : 0))
    .finally(stopProgress);
  if (code !== 0) fail(`npm could not install ${what} (see its output above). Try \`npm ci\` in ${folder}.`);
  say(`Installed ${what}.`);
}

/** Builds what changed since the last build, according to Nx. The output is shown only if the build fails. */
export async function ensureBuilt() {
  const started = Date.now();
  const args = [join(root, 'node_modules/nx/dist/bin/nx.js'), 'run-many', '--target=build', '--outputStyle=static'];
  const env = { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', FORCE_COLOR: '0', NODE_OPTIONS: '' };
  const said = [];
  const code = await new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk) => said.push(chunk));
    child.stderr.on('data', (chunk) => said.push(chunk));
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) {
    process.stderr.write(Buffer.concat(said));
    fail('the build failed (see above).');
  }
  say(`Built in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
}
