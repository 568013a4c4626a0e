import { settle, withDatabase } from '../database.mjs';
import { interleave, throughput } from '../measure.mjs';
import { openPeers } from '../runtime.mjs';
import { row } from '../table.mjs';

const PROJECTS = 1_000;

/**
 * Commands on 1,000 projects: this runtime, the handler of emmett, and bare inserts of the batches of the runtime,
 * alternately.
 */
export async function run({ server, quick, progress }) {
  const rows = [];
  for (const callers of [64, 512])
    rows.push(...(await withDatabase(server, 'bench_many', (url) => measure(url, callers, { quick, progress }))));
  return rows;
}

async function measure(connectionString, callers, { quick, progress }) {
  const peers = await openPeers(connectionString, quick ? 200 : PROJECTS, progress);
  const time = quick ? { warmUpMs: 300, ms: 700 } : { warmUpMs: 1_000, ms: 4_000 };
  const anyProject = (execute) => throughput({ callers, ...time, call: () => execute(peers.anyProject()) });
  let latest;
  let batches;
  const median = await interleave(
    quick ? 1 : 3,
    {
      runtime: async () => {
        await settle(connectionString);
        ({ result: latest, batches } = await peers.recording(() => anyProject(peers.runtime)));
        return latest.perSecond;
      },
      emmett: async () => {
        await settle(connectionString);
        return (await anyProject(peers.emmett)).perSecond;
      },
      'bare insert': async () => {
        await settle(connectionString);
        return peers.bareInsert(batches);
      },
    },
    (line) => progress(`${callers} callers, ${line}`),
  );
  await peers.close();
  const figure = (peer) => `runtime_many, ${callers} callers, against ${peer}`;
  return [
    row({
      figure: figure('emmett'),
      value: median.runtime,
      unit: 'commands/s',
      peer: { name: 'emmett', value: median.emmett },
      target: { atLeast: 12 },
      note: `latency p50 ${latest.p50.toFixed(1)} ms, p99 ${latest.p99.toFixed(1)} ms; ${latest.failed} failed`,
    }),
    row({
      figure: figure('bare inserts'),
      value: median.runtime,
      unit: 'events/s',
      peer: { name: 'bare insert', value: median['bare insert'] },
      target: { atLeast: 0.5 },
      note: `${Math.round(batches.sizes)} events a batch, up to ${batches.underWay} batches under way`,
    }),
  ];
}
