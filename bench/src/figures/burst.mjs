import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { URL } from 'node:url';
import { assignAt } from '../bombard.mjs';
import { untilFollowed, withDatabase } from '../database.mjs';
import { interleave, median, percentile } from '../measure.mjs';
import { placesToAssign, startProduct } from '../product.mjs';
import { row } from '../table.mjs';

const PROJECTS = 16;
const CALLERS = 64;
const TIMES = 10;

/** Assigning by ten times as many callers as before, with the limit of requests in progress and without one; and afterwards. */
export const run = async ({ server, quick, progress }) => {
  const size = quick ? { rounds: 1, ms: 1_000 } : { rounds: 3, ms: 8_000 };
  const limited = await takeSide(server, { name: 'limited', settings: {}, ...size, progress });
  const open = await takeSide(server, { name: 'open', settings: { MAX_REQUESTS_IN_PROGRESS: '0' }, ...size, progress });
  return [
    row({
      figure: `assign by ${CALLERS * TIMES} callers, p99 of what is accepted`,
      value: limited.p99,
      unit: 'ms',
      peer: { name: 'without MAX_REQUESTS_IN_PROGRESS', value: open.p99 },
      target: { atMost: 1 },
      note: `half of them within ${limited.half.toFixed(0)} ms, without the limit within ${open.half.toFixed(0)} ms; ${limited.accepted.toFixed(0)} accepted a second and ${limited.refused.toFixed(0)} answered 503, without the limit ${open.accepted.toFixed(0)}; who is refused tries again after Retry-After`,
    }),
    row({
      figure: `assign by ${CALLERS} callers after the burst, p50`,
      value: limited.after,
      unit: 'ms',
      peer: { name: 'before it', value: limited.before },
      target: { atMost: 1.2 },
    }),
  ];
};

const takeSide = (server, { name, settings, rounds, ms, progress }) =>
  withDatabase(server, `bench_burst_${name}`, async (connectionString) => {
    const product = await startProduct(connectionString, settings);
    const requests = (await placesToAssign(product, PROJECTS)).map(assignAt);
    const side = (callers, figure) => async () => {
      await untilFollowed(connectionString);
      return figure(await load(product, requests, { callers, ms }));
    };
    const p50 = ({ times }) => percentile(times, 0.5);
    const rates = [];
    const steady = side(CALLERS, p50);
    await steady();
    const found = await interleave(
      rounds,
      {
        before: steady,
        p99: side(CALLERS * TIMES, ({ times, refused }) => {
          rates.push({ accepted: (times.length * 1_000) / ms, refused: (refused * 1_000) / ms, half: p50({ times }) });
          return percentile(times, 0.99);
        }),
        after: steady,
      },
      (line) => progress(`${name}, ${line}`),
    );
    await product.stop();
    const rate = (which) => median(rates.map((one) => one[which]));
    return { ...found, accepted: rate('accepted'), refused: rate('refused'), half: rate('half') };
  });

/**
 * Each caller sends one request after the other, and after a 503 waits as long as that says. All are connected before: Node takes one new
 * connection a turn of its event loop, so that under load the last one would wait for seconds.
 */
async function load({ url, token }, requests, { callers, ms }) {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: callers });
  const connect = { method: 'GET', path: '/health/live', headers: {} };
  await Promise.all(Array.from({ length: callers }, () => send(url, token, connect, agent)));
  const times = [];
  let refused = 0;
  const until = performance.now() + ms;
  const caller = async (number) => {
    for (let n = number; performance.now() < until; n += callers) {
      const sent = performance.now();
      const { status, retryAfter } = await send(url, token, requests[n % requests.length], agent);
      if (status === 503) {
        refused += 1;
        await sleep(retryAfter * 1_000);
      } else if (status < 300) times.push(performance.now() - sent);
      else throw new Error(`answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, number) => caller(number)));
  agent.destroy();
  return { times, refused };
}

const send = (url, token, { method, path, headers, body }, agent) =>
  new Promise((resolve, reject) => {
    const sent = request(
      new URL(path, url),
      { method, agent, headers: { ...headers, authorization: `Bearer ${token}` } },
      (response) => {
        response.resume();
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode, retryAfter: Number(response.headers['retry-after'] ?? 1) }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
