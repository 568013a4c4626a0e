/** `npm run allotree`, and `npm run dlq`, `sql` and `statements` with their command: the command line of Allotree. */
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, requireNode, root, run } from './workspace.mjs';

requireNode();
await ensureInstalled();
await ensureBuilt();
process.exitCode = await run(process.execPath, [join(root, 'apps/cli/dist/main.js'), ...process.argv.slice(2)]);
