import { assignAt, bombard, CONNECTIONS, quotaAt } from '../bombard.mjs';
import { settle, untilFollowed, withDatabase } from '../database.mjs';
import { interleave } from '../measure.mjs';
import { placesToAssign, startProduct } from '../product.mjs';
import { row } from '../table.mjs';

const PROJECTS = 16;

/** Assign and quota over HTTP, against an empty route behind the same guard in the same process. */
export const run = ({ server, quick, progress }) =>
  withDatabase(server, 'bench_http', async (connectionString) => {
    const product = await startProduct(connectionString);
    const groups = await placesToAssign(product, PROJECTS);
    progress(`${groups.length} apartments in ${PROJECTS} projects`);
    const amount = quick ? 3_000 : 30_000;
    const load = (requests) => bombard(product, requests, amount);
    const assign = groups.map(assignAt);
    const quota = groups.map(quotaAt);
    const empty = [{ method: 'GET', path: '/api/v1/empty' }];

    const latest = {};
    const side = (name, requests) => async () => {
      await untilFollowed(connectionString);
      await settle(connectionString);
      latest[name] = await load(requests);
      return latest[name].perSecond;
    };
    await interleave(
      1,
      { empty: side('empty', empty), assign: side('assign', assign), quota: side('quota', quota) },
      (line) => progress(`warm-up, ${line}`),
    );
    const median = await interleave(
      quick ? 1 : 3,
      { empty: side('empty', empty), assign: side('assign', assign), quota: side('quota', quota) },
      progress,
    );
    await product.stop();
    const limit = { name: 'empty route', value: median.empty };
    const rates = ['assign', 'quota'].map((name) =>
      row({
        figure: `http, ${name}, ${CONNECTIONS} connections`,
        value: median[name],
        unit: 'requests/s',
        peer: limit,
        target: { atLeast: name === 'assign' ? 0.4 : 0.75 },
        note: `latency p50 ${latest[name].p50} ms, p99 ${latest[name].p99} ms`,
      }),
    );
    const slowest = row({
      figure: `http, assign, p99 at ${CONNECTIONS} connections`,
      value: latest.assign.p99,
      unit: 'ms',
      target: { atMost: 30 },
    });
    return [...rates, slowest];
  });
