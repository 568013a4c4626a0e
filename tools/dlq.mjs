/** `npm run dlq`: lists and redelivers dead letters of the bus. */
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, requireNode, root, run } from './workspace.mjs';

requireNode();
await ensureInstalled();
await ensureBuilt();
process.exitCode = await run(process.execPath, [join(root, 'apps/cli/dist/main.js'), 'dlq', ...process.argv.slice(2)]);
