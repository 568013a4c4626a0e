import { assignAt, bombard, CONNECTIONS, quotaAt } from '../bombard.mjs';
import { settle, untilFollowed, withDatabase } from '../database.mjs';
import { interleave } from '../measure.mjs';
import { startPlainService } from '../peers/plain-service.mjs';
import { placesToAssign, startProduct } from '../product.mjs';
import { row } from '../table.mjs';

const PROJECTS = 16;
const APARTMENTS = 8;

/** The empty guarded route against a route of Nest alone; assign in one project and quota against a plain service. */
export const run = ({ server, quick, progress }) =>
  withDatabase(server, 'bench_http_peers', async (connectionString) => {
    const product = await startProduct(connectionString);
    const places = await placesToAssign(product, PROJECTS);
    const plain = await startPlainService(connectionString, PROJECTS);
    const amount = quick ? 2_000 : 20_000;
    const side = (who, requests) => async () => {
      await untilFollowed(connectionString);
      await settle(connectionString);
      return (await bombard(who, requests, amount)).perSecond;
    };
    const hot = (all) => all.slice(0, APARTMENTS).map(assignAt);
    const sides = {
      'bare route': side(plain, [{ method: 'GET', path: '/bare' }]),
      'empty route': side(product, [{ method: 'GET', path: '/api/v1/empty' }]),
      'plain assign': side(plain, hot(plain.places)),
      assign: side(product, hot(places)),
      'plain quota': side(plain, plain.places.map(quotaAt)),
      quota: side(product, places.map(quotaAt)),
    };
    await interleave(1, sides, (line) => progress(`warm-up, ${line}`));
    const median = await interleave(quick ? 1 : 5, sides, progress);
    await plain.stop();
    await product.stop();
    const compared = (figure, name, peer, target) =>
      row({
        figure: `http_peers, ${figure}, ${CONNECTIONS} connections`,
        value: median[name],
        unit: 'requests/s',
        peer,
        target: { atLeast: target },
      });
    return [
      compared('empty guarded route', 'empty route', { name: 'Nest alone', value: median['bare route'] }, 0.85),
      compared('assign, one project', 'assign', { name: 'plain service', value: median['plain assign'] }, 3),
      compared('quota', 'quota', { name: 'plain service', value: median['plain quota'] }, 1.5),
    ];
  });
