/**
 * `npm run mutate [-- --fast] [files...]`: mutation testing of the rules. Changes the code in thousands of small ways, one at a time, and
 * reports which of them no unit spec notices. Takes hours; with `--fast` only tests that take at most 50 ms are run, which takes about one.
 * Results are kept, so that a second run tests only what has changed.
 */
import { join } from 'node:path';
import { MUTATED } from './mutate/scope.mjs';
import { ensureInstalled, requireNode, root, run } from './workspace.mjs';

const tool = join(root, 'tools/mutate');
const NEVER = MUTATED.filter((pattern) => pattern.startsWith('!'));
const FAST = '--fast';
const args = process.argv.slice(2);
if (args.includes(FAST)) process.env.MUTATE_FAST = '1';
const [files, options] = [false, true].map((isOption) =>
  args.filter((argument) => argument !== FAST && argument.startsWith('-') === isOption),
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
