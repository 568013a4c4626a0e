/**
 * `npm run simulate`: the real code on virtual time over simulated stores, networks and crashes, all from one seed. Prints the seed
 * and, where a check fails, the history around it. `npm run simulate -- --help` lists the arguments.
 */
import { register } from 'node:module';
import { requireNode } from './workspace.mjs';

requireNode();
register('./jest/typescript-hooks.mjs', import.meta.url);
const { main } = await import('./simulate/command-line.harness.ts');
process.exitCode = await main(process.argv.slice(2), (line) => process.stdout.write(`${line}\n`));
