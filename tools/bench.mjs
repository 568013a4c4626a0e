/** `npm run bench [-- arguments]`: the benchmarks, with the peers they are compared to. */
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, requireNode, root, run } from './workspace.mjs';

const bench = join(root, 'bench');

requireNode();
await ensureInstalled();
await ensureInstalled(bench, 'what the benchmarks compare with');
await ensureBuilt();
process.exitCode = await run(process.execPath, [join(bench, 'src/main.mjs'), ...process.argv.slice(2)]);
