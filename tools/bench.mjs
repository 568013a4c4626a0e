/** `npm run bench [-- arguments]`: runs the benchmarks and the systems they are compared with. */
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, requireNode, root, run } from './workspace.mjs';

const bench = join(root, 'bench');

requireNode();
await ensureInstalled();
await ensureInstalled(bench, 'the dependencies of the benchmarks');
await ensureBuilt();
process.exitCode = await run(process.execPath, [join(bench, 'src/main.mjs'), ...process.argv.slice(2)]);
