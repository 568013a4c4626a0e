/** `npm run demo`: applies an example project to a running system over HTTP. */
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, requireNode, root, run } from './workspace.mjs';

requireNode();
await ensureInstalled();
await ensureBuilt();
process.exitCode = await run(process.execPath, [join(root, 'apps/demo/dist/main.js'), ...process.argv.slice(2)]);
