/**
 * `npm run tour`: does what the tutorial about the console describes, in Chromium on a system of its own, and writes a picture of each step
 * to `docs/images/console`. The spec of the tour does the same without writing.
 */
import { ensureBuilt, ensureInstalled, requireNode, root, run } from './workspace.mjs';
import { join } from 'node:path';

requireNode();
await ensureInstalled();
await ensureBuilt();
process.env.ALLOTREE_TOUR_PICTURES = '1';
const args = ['--selectProjects', 'e2e', '--testPathPatterns', 'console-tour'];
process.exitCode = await run(process.execPath, [join(root, 'node_modules/.bin/jest'), ...args]);
