/**
 * One Jest project per kind of test, so that each kind can be run alone (`npm test -- --selectProjects unit`).
 * unit: no I/O; int: real backends; e2e: the running system over HTTP; cluster: its processes behind the front door.
 */
const project = (kind, extra = {}) => ({
  displayName: kind,
  rootDir: import.meta.dirname,
  testMatch: ['libs', 'apps', 'tools', 'deploy'].map((folder) => `<rootDir>/${folder}/**/*.${kind}.spec.ts`),
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { swcrc: true }] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@allotree/source', 'node', 'node-addons'] },
  ...extra,
});

const withBackends = {
  globalSetup: '<rootDir>/tools/jest/start-backends.mjs',
  globalTeardown: '<rootDir>/tools/jest/stop-backends.mjs',
};

export default {
  // A busy machine commits slowly; no test asserts how long something takes. Jest heeds it here only, not in a project.
  testTimeout: 60_000,
  projects: [project('unit'), project('int', withBackends), project('e2e', withBackends), project('cluster')],
};
