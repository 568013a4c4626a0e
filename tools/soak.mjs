/**
 * `npm run soak -- --hours N`: a cluster under steady load for hours, with faults in its first half; samples, checks, a picture and a
 * summary. Fails where something acknowledged is missing, something was done twice, or a process leaks.
 */
import { register } from 'node:module';
import { ensureBuilt, ensureInstalled, requireNode } from './workspace.mjs';

requireNode();
await ensureInstalled();
await ensureBuilt();
register('./jest/typescript-hooks.mjs', import.meta.url);
const { main } = await import('./soak/command-line.harness.ts');
process.exitCode = await main(process.argv.slice(2), (line) => process.stdout.write(`${line}\n`));
