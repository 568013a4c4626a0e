/**
 * `npm test [-- jest arguments]`: installs and builds if necessary, runs Jest and prints the totals on the last line.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failedTests, skippedLine, totalLine, totalsOf } from './test-totals.mjs';
import { ensureBuilt, ensureInstalled, requireNode, root, run } from './workspace.mjs';

const HELP = `npm test                                      all tests
npm test -- --selectProjects unit             one kind: unit (no I/O), int (real backends), e2e (the running system),
                                              cluster (its processes behind nginx)
npm test -- libs/domain                       tests under a path
npm test -- --testNamePattern 'reserved pool' tests whose name matches

Arguments after -- are passed to Jest. The last line is "N passed, N failed, N skipped".
Three workers, for the unit kind alone two, unless --maxWorkers says otherwise. Kafka, Redis and PostgreSQL are started
for the run. Tests of a backend that is not installed are skipped, and the line before the last one says what to install.
ALLOTREE_TEST_DATABASE_URL (a superuser's URL), ALLOTREE_TEST_KAFKA_BROKERS and ALLOTREE_TEST_REDIS_URL name others.`;

const args = process.argv.slice(2);
if (args.includes('--help') || args.includes('-h')) {
  console.log(HELP);
  process.exit(0);
}

requireNode();
await ensureInstalled();

/** Specs that import the sources and start nothing. */
const isUnitAlone = /--selectProjects[ =]unit(?: -|$)/.test(args.join(' '));
if (!isUnitAlone) await ensureBuilt();

const folder = mkdtempSync(join(tmpdir(), 'allotree-test-'));
const outputFile = join(folder, 'results.json');
const readResults = () => {
  try {
    return JSON.parse(readFileSync(outputFile, 'utf8'));
  } catch {
    return null;
  }
};

const jest = join(root, 'node_modules/jest/bin/jest.js');
/** Two workers that compute keep two cores busy; of those with backends, which also wait, it takes three. */
const isSaid = args.some((arg) => /^(?:-w|-i|--maxWorkers|--runInBand)\b/.test(arg));
const workers = isSaid ? [] : [`--maxWorkers=${isUnitAlone ? 2 : 3}`];

// In CI, a spec that failed before cleaning up must not keep the run from ending.
const unattended = process.env.CI ? ['--forceExit'] : [];
const settings = [...workers, ...unattended, '--json', `--outputFile=${outputFile}`];
const exitCode = await run(process.execPath, [jest, ...settings, ...args]);
const report = readResults();
const totals = totalsOf(report);
rmSync(folder, { recursive: true, force: true });

process.exitCode = totals.passed + totals.failed === 0 ? exitCode || 1 : exitCode;
for (const text of failedTests(report, root)) console.log(text);
const skipped = skippedLine(report);
if (skipped !== null) console.log(skipped);
console.log(totalLine(totals));
