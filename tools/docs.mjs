/** `npm run docs`: generates the reference pages and schemas from the code. */
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, requireNode, root, run } from './workspace.mjs';

requireNode();
await ensureInstalled();
await ensureBuilt();
process.exitCode = await run(process.execPath, [join(root, 'apps/reference/dist/main.js')]);
