/** The files that are mutated, and the specs that have to notice it. */
import { filesBelow } from '../files-below.mjs';

const PARTS = ['libs/domain/src', 'libs/event-sourcing/src', 'libs/identity/src'];

/** The rules, the command runtime and the access checks, without what only reads settings or passes calls on. */
export const MUTATED = [
  'libs/domain/src/**/*.ts',
  'libs/event-sourcing/src/runtime/*.ts',
  'libs/event-sourcing/src/command-runtime.ts',
  'libs/event-sourcing/src/decode-once.ts',
  'libs/identity/src/permission-checker.ts',
  'libs/identity/src/grants.ts',
  'libs/identity/src/token.ts',
  '!**/*.spec.ts',
  '!**/*.fixture.ts',
  '!**/*.harness.ts',
  '!**/index.ts',
];

/** Paths of the unit specs of these libraries, relative to the workspace. */
export const specFiles = (workspace) =>
  PARTS.flatMap((part) =>
    filesBelow(workspace, part)
      .filter((file) => file.endsWith('.unit.spec.ts'))
      .sort(),
  );
