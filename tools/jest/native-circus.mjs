/**
 * Jest's `testRunner`: jest-circus, with the specs imported by Node itself instead of inside a `vm` context. A worker loads Nest,
 * TypeORM and the workspace once and not once a spec, which is most of the time that a spec takes otherwise.
 *
 * Specs in one worker therefore share modules; environment variables and listeners on `process` are restored after each of them.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { readFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { compileFunction } from 'node:vm';
import circus from 'jest-circus/runner';
import { ModuleMocker } from 'jest-mock';
import { bundleOf } from './bundled-specs.mjs';
import { sourceMapFile } from './compile.mjs';
import { lazily } from './lazy-expect.mjs';

const require = createRequire(import.meta.url);

/** Without bundles, for the coverage. */
const isBundled = process.env.ALLOTREE_BUNDLED_SPECS !== undefined;
if (!isBundled) register('./typescript-hooks.mjs', import.meta.url);

/**
 * By default, the V8 of Node 20 considers optimizing a function each time it has executed 67,584 bytes of bytecode. Most code of specs
 * runs for too short a time to make up for that: optimizing later saves a sixth of the processor time of the unit kind. Later ones
 * count calls and have a cheaper optimizer in between.
 */
if (process.versions.node.startsWith('20.')) setFlagsFromString('--interrupt-budget=2000000');

const run = circus.default ?? circus;
const CIRCUS = join(dirname(require.resolve('jest-circus/runner')), 'jestAdapterInit.js');
const EVENT_HANDLERS = Symbol.for('EVENT_HANDLERS');
const TEST_TIMEOUT = Symbol.for('TEST_TIMEOUT_SYMBOL');

/** `@jest/globals` resolves to these functions of the running spec. */
const globals = (globalThis[Symbol.for('allotree.jest-globals')] = { jest: null, current: null });

/**
 * In place of `AsyncLocalStorage`, by which circus knows to which test an error belongs: tests run one after another, so it is the one that runs.
 * The original costs time with every promise.
 */
class Running {
  #stores = [];

  async run(store, callback) {
    this.#stores.push(store);
    try {
      return await callback();
    } finally {
      this.#stores.splice(this.#stores.lastIndexOf(store), 1);
    }
  }

  getStore() {
    return this.#stores.at(-1);
  }
}

/** Compiled once, as most specs take less time than compiling it. */
const evaluateCircus = compileFunction(readFileSync(CIRCUS, 'utf8'), ['module', 'require'], { filename: CIRCUS });

/** Node looks up each package anew. */
function remembered(find, ...known) {
  const found = new Map(known);
  return (name) => {
    if (!found.has(name)) found.set(name, find(name));
    return found.get(name);
  };
}
const find = createRequire(CIRCUS);
const requireForCircus = Object.assign(remembered(find, ['node:async_hooks', { AsyncLocalStorage: Running }]), {
  resolve: remembered(find.resolve),
});

/** A circus of its own for every spec, as its state has no public reset. */
function freshCircus() {
  delete globalThis[EVENT_HANDLERS];
  delete globalThis[TEST_TIMEOUT];
  const circusModule = { exports: {} };
  evaluateCircus(circusModule, requireForCircus);
  return circusModule.exports;
}

/** Jest sets 100. Every `expect` takes a stack, which in generated cases costs more than the code under test. */
const STACK_FRAMES = 25;

function mockerOf() {
  const mocker = new ModuleMocker(globalThis);
  return {
    fn: mocker.fn.bind(mocker),
    spyOn: mocker.spyOn.bind(mocker),
    restoreAllMocks: () => mocker.restoreAllMocks(),
    setTimeout: (milliseconds) => {
      globalThis[TEST_TIMEOUT] = milliseconds;
    },
  };
}

/** Jest looks up the source maps of its own transforms here; those of the hooks are made when a stack trace asks for them. */
function answerSourceMaps(maps) {
  maps.get = (file) => {
    if (!file.startsWith('file:')) return Map.prototype.get.call(maps, file);
    const path = fileURLToPath(file);
    if (path.endsWith('.ts')) return sourceMapFile(path);
    return isBundled && path.startsWith(process.env.ALLOTREE_BUNDLED_SPECS) ? `${path}.map` : undefined;
  };
}

/** Each of these that was once entered costs time with every promise of later specs, until it is disabled. */
const entered = new Set();
for (const method of ['run', 'enterWith']) {
  const original = AsyncLocalStorage.prototype[method];
  AsyncLocalStorage.prototype[method] = function (...args) {
    entered.add(this);
    return original.apply(this, args);
  };
}

function leaveStorages() {
  for (const storage of entered) storage.disable();
  entered.clear();
}

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'warning', 'exit', 'beforeExit'];

/** Remembers what specs may change of the process, and returns how to put it back. */
function keepProcess() {
  const environment = { ...process.env };
  const listeners = SIGNALS.map((name) => [name, process.listeners(name)]);
  const { exitCode } = process;
  const directory = process.cwd();
  return () => {
    for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
    Object.assign(process.env, environment);
    for (const [name, before] of listeners)
      for (const listener of process.listeners(name))
        if (!before.includes(listener)) process.removeListener(name, listener);
    process.exitCode = exitCode;
    process.chdir(directory);
  };
}

/** @param {unknown[]} settings as Jest passes them: of the run, of the project, the environment, the runtime, the path of the spec */
export default async function nativeCircus(...settings) {
  // Without the last one, which sends the result of each test besides that of the spec.
  const [globalConfig, config, environment, runtime, testPath] = settings;
  const restoreProcess = keepProcess();
  Error.stackTraceLimit = STACK_FRAMES;
  globals.jest = mockerOf();
  answerSourceMaps(runtime.getSourceMaps());
  const native = {
    requireInternalModule: freshCircus,
    requireModule: require,
    setGlobalsForRuntime: (current) => {
      globals.current = { ...current, expect: lazily(current.expect) };
    },
    unstable_shouldLoadAsEsm: () => true,
    unstable_importModule: (path) => import(pathToFileURL(isBundled ? bundleOf(path) : path).href),
    enterTestCode: () => runtime.enterTestCode?.(),
    leaveTestCode: () => runtime.leaveTestCode?.(),
  };
  try {
    return await run(globalConfig, config, environment, native, testPath);
  } finally {
    globals.jest.restoreAllMocks();
    leaveStorages();
    restoreProcess();
  }
}
