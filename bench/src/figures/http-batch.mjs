import { bombard, CONNECTIONS, assignAt } from '../bombard.mjs';
import { settle, untilFollowed, withDatabase } from '../database.mjs';
import { interleave } from '../measure.mjs';
import { openBareInsert } from '../peers/bare-insert.mjs';
import { placesToAssign, startProduct } from '../product.mjs';
import { batchesAfter, headOf } from '../runtime.mjs';
import { row } from '../table.mjs';

const PROJECTS = 16;
const SIZES = [100, 1_000];
/** Batches under way at once. */
const BATCH_CONNECTIONS = 8;

/** Assigning in batches over HTTP, against single requests and against bare inserts of the events of these batches. */
export const run = ({ server, quick, progress }) =>
  withDatabase(server, 'bench_batch', async (connectionString) => {
    const product = await startProduct(connectionString);
    const places = await placesToAssign(product, PROJECTS);
    const bare = await openBareInsert(connectionString);
    const units = quick ? 10_000 : 100_000;
    const recorded = {};
    const calm = async () => {
      await untilFollowed(connectionString);
      await settle(connectionString);
    };

    const batched = (size) => async () => {
      await calm();
      const before = await headOf(connectionString);
      const requests = places.map((place) => assignManyAt(place, size));
      const { perSecond } = await bombard(product, requests, units / size, BATCH_CONNECTIONS);
      recorded[size] = await batchesAfter(connectionString, before);
      return perSecond * size;
    };
    const inserted = (size) => async () => {
      await calm();
      const start = performance.now();
      await bare.insert(recorded[size], BATCH_CONNECTIONS);
      return (units * 1_000) / (performance.now() - start);
    };
    const single = async () => {
      await calm();
      return (await bombard(product, places.map(assignAt), quick ? 2_000 : 20_000)).perSecond;
    };
    const sides = Object.fromEntries([
      ['single requests', single],
      ...SIZES.flatMap((size) => [
        [`batches of ${size}`, batched(size)],
        [`bare insert, ${size}`, inserted(size)],
      ]),
    ]);
    await interleave(1, sides, (line) => progress(`warm-up, ${line}`));
    const median = await interleave(quick ? 1 : 3, sides, progress);
    await bare.close();
    await product.stop();

    return SIZES.flatMap((size) => {
      const figure = { value: median[`batches of ${size}`], unit: 'units/s' };
      return [
        row({
          figure: `http_batch, ${size} units, against single requests`,
          ...figure,
          peer: { name: `single requests, ${CONNECTIONS} connections`, value: median['single requests'] },
          target: { atLeast: 10 },
        }),
        row({
          figure: `http_batch, ${size} units, against bare inserts`,
          ...figure,
          peer: { name: 'bare insert', value: median[`bare insert, ${size}`] },
          target: { atLeast: 0.5 },
          note: `${BATCH_CONNECTIONS} batches under way`,
        }),
      ];
    });
  });

/** `path` is that of a group. */
const assignManyAt = ({ path }, count) => {
  const [, project, groupId] = /^(.*)\/groups\/(.*)$/.exec(path);
  return {
    method: 'POST',
    path: `${project}/assignments`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ assignments: [{ groupId, resource: 'sip_number', count, label: '101' }] }),
  };
};
