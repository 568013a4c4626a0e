/** `npm run sql`: allows people to ask about the past in SQL. */
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, requireNode, root, run } from './workspace.mjs';

requireNode();
await ensureInstalled();
await ensureBuilt();
process.exitCode = await run(process.execPath, [join(root, 'apps/sql-access/dist/main.js'), ...process.argv.slice(2)]);
