import { CODE_FOLDERS } from './tools/files-below.mjs';

/**
 * One Jest project per kind of test, so that each kind can be run alone (`npm test -- --selectProjects unit`).
 * unit: no I/O; workspace: the files of this workspace; int: real backends; e2e: the running system over HTTP; cluster: its processes
 * behind the front door.
 */
const project = (kind, extra = {}) => ({
  displayName: kind,
  rootDir: import.meta.dirname,
  testMatch: CODE_FOLDERS.map((folder) => `<rootDir>/${folder}/**/*.${kind}.spec.ts`),
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  testRunner: '<rootDir>/tools/jest/native-circus.mjs',
  transform: {},
  testEnvironment: '<rootDir>/tools/jest/native-environment.mjs',
  ...extra,
});

const bundled = { globalSetup: '<rootDir>/tools/jest/bundled-specs.mjs' };
const withBackends = {
  globalSetup: '<rootDir>/tools/jest/start-backends.mjs',
  globalTeardown: '<rootDir>/tools/jest/stop-backends.mjs',
};

export default {
  maxWorkers: 2,
  testSequencer: '<rootDir>/tools/jest/longest-first.mjs',
  // A worker keeps the modules of its specs; one that has grown is replaced.
  workerIdleMemoryLimit: '1GB',
  // A busy machine commits slowly; no test asserts how long something takes. Jest heeds it here only, not in a project.
  testTimeout: 120_000,
  projects: [
    project('unit', bundled),
    project('workspace', bundled),
    project('int', withBackends),
    project('e2e', withBackends),
    project('cluster', { globalSetup: '<rootDir>/tools/jest/bundled-apps.mjs' }),
  ],
};
