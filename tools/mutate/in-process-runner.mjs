/**
 * Test runner for Stryker: loads the unit specs once with Node itself, as `tools/jest/native-circus.mjs` does, and runs for each mutant
 * only the tests that reach it, the fastest first, until one fails. Starting Jest for each mutant would take days.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { PluginKind, declareClassPlugin } from '@stryker-mutator/api/plugin';
import {
  DryRunStatus,
  TestStatus,
  determineHitLimitReached,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';
import { specFiles } from './scope.mjs';

/** Tests that take longer run after all others, since most mutants are noticed before; not at all with `--fast`. */
const SLOW_MS = 50;
const IS_FAST = process.env.MUTATE_FAST === '1';
/** The milliseconds of each test without a mutant, in the copy of the workspace. */
const TIMES = 'test-times.json';
/** Stands for a test that fails when a module cannot be loaded. */
const LOADING = 'loading the specs';
const stryker = (globalThis.__stryker__ ??= {});

/** `describe`, `it`, `expect` and so on of the specs; returns the block that circus collects their tests in. */
async function provideGlobals(sandbox) {
  register('./sandbox-hooks.mjs', import.meta.url, { data: { sandbox: pathToFileURL(`${sandbox}/`).href } });
  const require = createRequire(join(sandbox, 'package.json'));
  const circus = require('jest-circus');
  const { jestExpect } = createRequire(require.resolve('jest-circus'))('@jest/expect');
  const { ModuleMocker } = createRequire(require.resolve('jest-circus'))('jest-mock');
  const { lazily } = await import(pathToFileURL(join(sandbox, 'tools/jest/lazy-expect.mjs')).href);
  // A smaller counterexample is of no use here, and the search for one takes most of the time.
  const { configureGlobal } = await import('fast-check');
  configureGlobal({ endOnFailure: true });
  const mocker = new ModuleMocker(globalThis);
  const jest = {
    fn: mocker.fn.bind(mocker),
    spyOn: mocker.spyOn.bind(mocker),
    restoreAllMocks: () => mocker.restoreAllMocks(),
    setTimeout: () => undefined,
  };
  const current = { ...circus, expect: lazily(jestExpect), jest };
  globalThis[Symbol.for('allotree.jest-globals')] = { jest, current };
  return { root: circus.getState().rootDescribeBlock, jest };
}

/** The tests of one spec as a tree of blocks: `{ name, hooks, children }`. */
async function collect(root, sandbox, file) {
  await import(pathToFileURL(join(sandbox, file)).href);
  return { type: 'describeBlock', name: file, hooks: root.hooks.splice(0), children: root.children.splice(0) };
}

const hooksOf = (block, type) => block.hooks.filter((hook) => hook.type === type).map(({ fn }) => fn);

async function callAll(functions) {
  for (const fn of functions) await fn();
}

class InProcessRunner {
  /** Each test with its id and the milliseconds that it took without a mutant. */
  #tests = new Map();
  #files = [];
  #jest;

  capabilities() {
    return { reloadEnvironment: false };
  }

  async #load() {
    if (this.#jest !== undefined) return;
    // The copy of the workspace with the mutants in it, which Stryker enters after it has loaded this file.
    const sandbox = process.cwd();
    const { root, jest } = await provideGlobals(sandbox);
    this.#jest = jest;
    for (const file of specFiles(sandbox)) {
      const block = await collect(root, sandbox, file);
      this.#name(block, []);
      this.#files.push(block);
    }
    // Only the process of the dry run has measured them itself.
    if (existsSync(TIMES))
      for (const [id, took] of JSON.parse(readFileSync(TIMES, 'utf8'))) this.#tests.get(id).took = took;
  }

  #name(block, path) {
    const names = [...path, block.name];
    for (const child of block.children) {
      if (child.type !== 'test') this.#name(child, names);
      else {
        const name = [...names, child.name].join(' > ');
        child.id = this.#tests.has(name) ? `${name} (${this.#tests.size})` : name;
        this.#tests.set(child.id, child);
      }
    }
  }

  /** Runs the wanted tests, those of the cheapest files first, until `report` returns false. Returns false then, else true. */
  async #run(isWanted, report) {
    const contains = (block) =>
      block.children.some((child) => (child.type === 'test' ? isWanted(child) : contains(child)));
    const cost = (block) =>
      block.children.reduce(
        (sum, child) => sum + (child.type === 'test' ? (isWanted(child) ? (child.took ?? 0) : 0) : cost(child)),
        0,
      );
    const runTest = async (test, outer) => {
      stryker.currentTestId = test.id;
      const started = performance.now();
      let failure;
      try {
        await callAll(outer.flatMap((block) => hooksOf(block, 'beforeEach')));
        await test.fn();
      } catch (error) {
        failure = error;
      }
      try {
        await callAll([...outer].reverse().flatMap((block) => hooksOf(block, 'afterEach')));
      } catch (error) {
        failure ??= error;
      }
      stryker.currentTestId = undefined;
      this.#jest.restoreAllMocks();
      return report(test, performance.now() - started, failure);
    };
    const runBlock = async (block, outer) => {
      const within = [...outer, block];
      await callAll(hooksOf(block, 'beforeAll'));
      let goOn = true;
      for (const child of block.children) {
        if (!goOn) break;
        if (child.type === 'test') goOn = !isWanted(child) || (await runTest(child, within));
        else goOn = !contains(child) || (await runBlock(child, within));
      }
      await callAll(hooksOf(block, 'afterAll'));
      return goOn;
    };
    const files = this.#files.filter(contains).map((block) => ({ block, cost: cost(block) }));
    for (const { block } of files.sort((a, b) => a.cost - b.cost)) if (!(await runBlock(block, []))) return false;
    return true;
  }

  async dryRun() {
    await this.#load();
    const tests = [];
    await this.#run(
      ({ mode }) => mode !== 'skip' && mode !== 'todo',
      (test, took, failure) => {
        test.took = took;
        const result = { id: test.id, name: test.id, timeSpentMs: took };
        tests.push(
          failure === undefined
            ? { ...result, status: TestStatus.Success }
            : { ...result, status: TestStatus.Failed, failureMessage: String(failure?.stack ?? failure) },
        );
        return true;
      },
    );
    writeFileSync(TIMES, JSON.stringify([...this.#tests].map(([id, { took = 0 }]) => [id, took])));
    return { status: DryRunStatus.Complete, tests, mutantCoverage: stryker.mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, disableBail, mutantActivation }) {
    const isStatic = mutantActivation === 'static';
    if (isStatic) stryker.activeMutant = activeMutant.id;
    try {
      await this.#load();
    } catch (error) {
      // A mutant that keeps the module from loading is found by every test.
      return toMutantRunResult({
        status: DryRunStatus.Complete,
        tests: [
          { id: LOADING, name: LOADING, timeSpentMs: 0, status: TestStatus.Failed, failureMessage: String(error) },
        ],
      });
    }
    const wanted = new Set(testFilter ?? this.#tests.keys());
    stryker.hitCount = hitLimit === undefined ? undefined : 0;
    stryker.hitLimit = hitLimit;
    stryker.activeMutant = activeMutant.id;
    const tests = [];
    try {
      const isWanted = ({ id, mode }) => wanted.has(id) && mode !== 'skip' && mode !== 'todo';
      const report = (test, took, failure) => {
        const result = { id: test.id, name: test.id, timeSpentMs: took };
        tests.push(
          failure === undefined
            ? { ...result, status: TestStatus.Success }
            : { ...result, status: TestStatus.Failed, failureMessage: String(failure?.message ?? failure) },
        );
        return failure === undefined || disableBail;
      };
      const isSlow = ({ took = 0 }) => took > SLOW_MS;
      const isUnnoticed = await this.#run((test) => isWanted(test) && !isSlow(test), report);
      if (isUnnoticed && !IS_FAST) await this.#run((test) => isWanted(test) && isSlow(test), report);
    } finally {
      if (!isStatic) stryker.activeMutant = undefined;
    }
    const timeout = determineHitLimitReached(stryker.hitCount, stryker.hitLimit);
    return timeout ?? toMutantRunResult({ status: DryRunStatus.Complete, tests });
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'in-process', InProcessRunner)];
