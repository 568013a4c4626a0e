/**
 * `npm test [-- jest arguments]`: installs and builds if necessary, runs Jest and prints the totals on the last line.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  failedSpecs,
  failedTests,
  flakyTests,
  skippedLine,
  totalLine,
  totalsOf,
  withSecondRun,
} from './test-totals.mjs';
import { ensureBuilt, ensureInstalled, requireNode, root, run } from './workspace.mjs';

const HELP = `npm test                                      all tests
npm test -- --selectProjects unit             one kind: unit (no I/O), workspace (the files of this workspace),
                                              int (real backends), e2e (the running system),
                                              cluster (its processes behind nginx)
npm test -- libs/domain                       tests under a path
npm test -- --testNamePattern 'reserved pool' tests whose name matches

Arguments after -- are passed to Jest. The last line is "N passed, N failed, N skipped".
Three workers, for unit and workspace alone two, unless --maxWorkers says otherwise. Kafka, Redis and PostgreSQL are started
for the run. Tests of a backend that is not installed are skipped, and the line before the last one says what to install.
ALLOTREE_TEST_DATABASE_URL (a superuser's URL), ALLOTREE_TEST_KAFKA_BROKERS and ALLOTREE_TEST_REDIS_URL name others.`;

const args = process.argv.slice(2);
if (args.includes('--help') || args.includes('-h')) {
  console.log(HELP);
  process.exit(0);
}

requireNode();
await ensureInstalled();

/** Specs that import the sources and start no part of the system. */
const startNothing = /--selectProjects[ =](?:unit|workspace)(?: (?:unit|workspace))*(?: -|$)/.test(args.join(' '));
if (!startNothing) await ensureBuilt();

const jest = join(root, 'node_modules/jest/bin/jest.js');
/** Two workers that compute keep two cores busy; of those with backends, which also wait, it takes three. */
const isSaid = args.some((arg) => /^(?:-w|-i|--maxWorkers|--runInBand)\b/.test(arg));
const workers = isSaid ? [] : [`--maxWorkers=${startNothing ? 2 : 3}`];

// In CI, a spec that failed before cleaning up must not keep the run from ending.
const unattended = process.env.CI ? ['--forceExit'] : [];
const settings = [...workers, ...unattended, '--json'];

/** The report, or `null` where Jest wrote none, or not to its end. */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

async function runJest(...args) {
  const folder = mkdtempSync(join(tmpdir(), 'allotree-test-'));
  const file = join(folder, 'results.json');
  const exitCode = await run(process.execPath, [jest, ...settings, `--outputFile=${file}`, ...args]);
  const report = readReport(file);
  rmSync(folder, { recursive: true, force: true });
  return { exitCode, report };
}

/** More failures than these have a cause in common. */
const SPECS_RUN_AGAIN = 3;

let { exitCode, report } = await runJest(...args);
// In CI, where nobody can run them again, a few specs that failed get a second chance. Those that pass then are listed, because that is a fault too.
const failed = failedSpecs(report);
if (process.env.CI && args.length === 0 && failed.length > 0 && failed.length <= SPECS_RUN_AGAIN) {
  const second = await runJest('--runTestsByPath', ...failed);
  for (const text of flakyTests(report, second.report, root)) console.log(text);
  exitCode = second.exitCode;
  report = withSecondRun(report, second.report);
}

const totals = totalsOf(report);
const isGreen = totals.passed > 0 && totals.failed === 0;
process.exitCode = isGreen ? exitCode : exitCode || 1;
for (const text of failedTests(report, root)) console.log(text);
const skipped = skippedLine(report);
if (skipped !== null) console.log(skipped);
console.log(totalLine(totals));
