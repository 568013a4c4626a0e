import { setTimeout as sleep } from 'node:timers/promises';
import { withDatabase } from '../database.mjs';
import { createProject, registerDistributor, startProduct } from '../product.mjs';
import { row } from '../table.mjs';

/** Time from the request that generates the groups until the license service returns the quota of the last one. */
export const run = ({ server, quick, progress }) =>
  withDatabase(server, 'bench_generate', async (connectionString) => {
    const product = await startProduct(connectionString);
    const projectId = await createProject(product, await registerDistributor(product), 'Complex');
    const { usage: before } = await product.usage();
    const start = performance.now();
    const since = () => (performance.now() - start) / 1_000;
    const [buildings, units, floors, apartments] = [quick ? 5 : 100, 4, 12, 20].map((count) => ({ count }));
    const request = { parentId: projectId, buildings, units, floors, apartments };
    const { created } = await product.post(`/projects/${projectId}/groups/generate`, request);
    const answered = since();
    progress(`${created} groups answered after ${answered.toFixed(1)} s`);
    const last = await lastGroup(product, projectId, [buildings, units, floors, apartments]);
    const listed = since();
    progress(`the last one is listed after ${listed.toFixed(1)} s`);
    await untilFound(product, `/projects/${projectId}/groups/${last}/quota`);
    const quota = since();
    progress(`its quota answers after ${quota.toFixed(1)} s`);
    const { usage: after, memory } = await product.usage();
    await product.stop();
    const busy = (after.user + after.system - before.user - before.system) / 1e6;
    return [
      row({
        figure: `generate, ${created.toLocaleString('en-US')} groups`,
        value: quota,
        unit: 's',
        target: { atMost: 30 },
        note:
          `answered after ${answered.toFixed(1)} s, listed after ${listed.toFixed(1)} s, quota after ${quota.toFixed(1)} s; ` +
          `the server's process worked ${busy.toFixed(1)} s of CPU time, PostgreSQL the rest; it holds ${Math.round(memory.rss / 2 ** 20)} MB`,
      }),
    ];
  });

/** Walks down the newest children, repeating requests because a list waits for its projection only briefly. */
async function lastGroup(product, projectId, levels) {
  let groupId = projectId;
  for (const { count } of levels) {
    const path = `/projects/${projectId}/groups?limit=200&parentId=${groupId}`;
    let children = await product.get(path);
    for (; children.items.length < count; children = await product.get(path)) await sleep(50);
    groupId = children.items.at(-1).groupId;
  }
  return groupId;
}

async function untilFound(product, path) {
  for (;;) {
    const { status, body } = await product.request('GET', path);
    if (status === 200) return body;
    if (status !== 404) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
    await sleep(50);
  }
}
