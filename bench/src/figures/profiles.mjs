import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startCluster } from '../../../deploy/native/cluster.mjs';
import { MissingProgram } from '../../../deploy/native/server.mjs';
import { assignAt, bombard, CONNECTIONS, quotaAt } from '../bombard.mjs';
import { withDatabase } from '../database.mjs';
import { clientOf, placesToAssign, startProduct } from '../product.mjs';
import { row } from '../table.mjs';

const PROJECTS = 16;
const TMP = join(import.meta.dirname, '..', '..', 'tmp');
const LOADS = { assign: assignAt, quota: quotaAt };

/**
 * The same load on one process with embedded backends and on a cluster behind nginx with Kafka, Redis and PostgreSQL.
 */
export async function run({ server, quick, progress }) {
  const amount = quick ? 2_000 : 20_000;
  const clustered = await onACluster((cluster) =>
    measure(cluster, amount, (line) => progress(`cluster, ${line}`)),
  ).catch((error) => {
    if (!(error instanceof MissingProgram)) throw error;
    progress(`not taken: ${error.message}`);
    return null;
  });
  if (clustered === null) return [];
  const embedded = await withDatabase(server, 'bench_profiles', async (url) => {
    const product = await startProduct(url);
    try {
      return await measure(product, amount, (line) => progress(`embedded, ${line}`));
    } finally {
      await product.stop();
    }
  });
  return Object.keys(LOADS).map((name) =>
    row({
      figure: `${name}, cluster on one machine, ${CONNECTIONS} connections`,
      value: clustered[name].perSecond,
      unit: 'requests/s',
      peer: { name: 'embedded', value: embedded[name].perSecond },
      note: `p50 ${clustered[name].p50} ms, p99 ${clustered[name].p99} ms; embedded p50 ${embedded[name].p50} ms, p99 ${embedded[name].p99} ms`,
    }),
  );
}

async function measure(product, amount, progress) {
  const places = await placesToAssign(product, PROJECTS);
  const results = {};
  for (const [name, requestAt] of Object.entries(LOADS)) {
    const requests = places.map(requestAt);
    await bombard(product, requests, Math.ceil(amount / 4));
    results[name] = await bombard(product, requests, amount);
    progress(`${name}: ${Math.round(results[name].perSecond)} requests/s`);
  }
  return results;
}

async function onACluster(use) {
  await mkdir(TMP, { recursive: true });
  const dataDir = await mkdtemp(join(TMP, 'cluster-'));
  try {
    const cluster = await startCluster({
      dataDir,
      backends: ['kafka', 'redis', 'postgres'],
      environment: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        RATE_LIMIT_PER_CALLER: '0',
        RATE_LIMIT_PER_TENANT: '0',
      },
    });
    try {
      const { url, accessToken } = JSON.parse(await readFile(join(dataDir, 'local-sign-in.json'), 'utf8'));
      return await use(clientOf({ url, token: accessToken }));
    } finally {
      await cluster.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
