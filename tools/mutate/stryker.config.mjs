import { MUTATED } from './scope.mjs';

/** Settings of Stryker; see docs/explanation/how-it-is-proven.md. */
export default {
  plugins: [new URL('./in-process-runner.mjs', import.meta.url).href],
  testRunner: 'in-process',
  mutate: MUTATED,
  coverageAnalysis: 'perTest',
  // Each would need a new process.
  ignoreStatic: true,
  concurrency: 2,
  dryRunTimeoutMinutes: 30,
  timeoutMS: process.env.MUTATE_FAST === '1' ? 4_000 : 15_000,
  timeoutFactor: 2,
  ignorePatterns: [
    '**',
    '!libs/**',
    '!tools/**',
    '!examples/**',
    '!docs/**',
    '!package.json',
    '!.swcrc',
    'tools/mutate/**',
    '**/dist/**',
  ],
  reporters: ['clear-text', 'json', 'html', 'progress-append-only'],
  clearTextReporter: { logTests: false, reportTests: false, reportMutants: false },
  jsonReporter: { fileName: 'tmp/mutation/report.json' },
  htmlReporter: { fileName: 'tmp/mutation/report.html' },
  incremental: true,
  incrementalFile: 'tmp/mutation/incremental.json',
  tempDirName: 'tmp/mutation/workspace',
  cleanTempDir: 'always',
  allowConsoleColors: false,
  thresholds: { high: 95, low: 90, break: 90 },
};
