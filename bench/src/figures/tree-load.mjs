import { quotaOf } from '@allotree/domain';
import { withDatabase } from '../database.mjs';
import { median } from '../measure.mjs';
import { assign, context, largeTree, openingCommands, restrictionCommands } from '../projects.mjs';
import { accepted, inParallel, openRuntime } from '../runtime.mjs';
import { row } from '../table.mjs';

const PROJECT = 'complex';

/**
 * Loads the large project, with limits at every level down to the floors and an assignment at every second apartment,
 * into a new runtime, and measures the memory it then uses.
 */
export const run = ({ server, quick, progress }) =>
  withDatabase(server, 'bench_load', async (connectionString) => {
    const { groups, apartments } = largeTree(PROJECT, quick ? 5 : 100);
    const last = apartments.at(-1);
    await write(
      connectionString,
      groups,
      apartments.filter((_, index) => index % 2 === 0),
      progress,
    );

    const times = [];
    let bytes = 0;
    for (let round = 1; round <= (quick ? 1 : 3); round++) {
      const { handler, close } = await openRuntime(connectionString);
      const before = heldBytes();
      const start = performance.now();
      await handler.read(PROJECT, (state) => quotaOf(state, last, Date.now()));
      times.push((performance.now() - start) / 1_000);
      bytes = heldBytes() - before;
      progress(`round ${round}: ${times.at(-1).toFixed(2)} s, ${Math.round(bytes / 2 ** 20)} MB`);
      await close();
    }
    const what = `${groups.length.toLocaleString('en-US')} groups`;
    return [
      row({ figure: `tree_load, ${what}, from the snapshot`, value: median(times), unit: 's', target: { atMost: 1 } }),
      row({ figure: `tree_load, ${what}, in memory`, value: bytes / 2 ** 20, unit: 'MB', target: { atMost: 250 } }),
    ];
  });

async function write(connectionString, groups, used, progress) {
  const { handler, close } = await openRuntime(connectionString);
  const now = Date.now();
  for (const command of openingCommands(PROJECT, groups, now))
    accepted(await handler.execute(PROJECT, command, context()));
  progress(`${groups.length} groups stand`);
  const commands = [
    ...restrictionCommands(groups, ['building', 'unit', 'floor'], now),
    ...used.map((groupId) => assign(groupId, now)),
  ];
  await inParallel(512, commands, async (command) => accepted(await handler.execute(PROJECT, command, context())));
  progress(`${commands.length} restrictions and numbers follow`);
  await close();
}

/** Live memory inside and outside the heap. Requires `--expose-gc`. */
function heldBytes() {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
