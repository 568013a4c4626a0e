/**
 * `npm run mutate [-- files...]`: mutation testing of the rules. Changes the code in thousands of small ways, one at a time, and reports
 * which of them no unit spec notices. Takes about an hour; results are kept, so that a second run tests only what has changed.
 */
import { join } from 'node:path';
import { MUTATED } from './mutate/scope.mjs';
import { ensureInstalled, requireNode, root, run } from './workspace.mjs';

const tool = join(root, 'tools/mutate');
const NEVER = MUTATED.filter((pattern) => pattern.startsWith('!'));
const [files, options] = [false, true].map((isOption) =>
  process.argv.slice(2).filter((argument) => argument.startsWith('-') === isOption),
);

requireNode();
await ensureInstalled();
await ensureInstalled(tool, 'the dependencies of mutation testing');
const command = [
  join(tool, 'node_modules/@stryker-mutator/core/bin/stryker.js'),
  'run',
  join(tool, 'stryker.config.mjs'),
];
process.exitCode = await run(process.execPath, [
  ...command,
  ...options,
  ...(files.length > 0 ? ['--mutate', [...files, ...NEVER].join(',')] : []),
]);
