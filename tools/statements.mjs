/** `npm run statements`: verifies what was billed. */
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, requireNode, root, run } from './workspace.mjs';

requireNode();
await ensureInstalled();
await ensureBuilt();
process.exitCode = await run(process.execPath, [join(root, 'apps/statements/dist/main.js'), ...process.argv.slice(2)]);
