import { settle, withDatabase } from '../database.mjs';
import { interleave, throughput } from '../measure.mjs';
import { openPeers } from '../runtime.mjs';
import { row } from '../table.mjs';

const CALLERS = 64;

/** 64 callers on one project. Only commands of emmett that were finally recorded count. */
export const run = ({ server, quick, progress }) =>
  withDatabase(server, 'bench_hot', async (connectionString) => {
    const rounds = quick ? 1 : 3;
    // A new project each round, because emmett reads the whole stream for each command.
    const peers = await openPeers(connectionString, rounds, progress);
    const project = (round) => peers.projects[round - 1];
    const time = quick ? { warmUpMs: 300, ms: 1_500 } : { warmUpMs: 1_000, ms: 5_000 };
    let latest;
    let latestPeer;
    let batches;
    const median = await interleave(
      rounds,
      {
        runtime: async (round) => {
          await settle(connectionString);
          const measured = await peers.recording(() =>
            throughput({ callers: CALLERS, ...time, call: () => peers.runtime(project(round)) }),
          );
          ({ result: latest, batches } = measured);
          return latest.perSecond;
        },
        emmett: async (round) => {
          await settle(connectionString);
          latestPeer = await throughput({ callers: CALLERS, ...time, call: () => peers.emmett(project(round)) });
          return latestPeer.perSecond;
        },
        'bare insert': async () => {
          await settle(connectionString);
          return peers.bareInsert(batches);
        },
      },
      progress,
    );
    await peers.close();
    return [
      row({
        figure: 'runtime_hot, 64 callers, against emmett',
        value: median.runtime,
        unit: 'commands/s',
        peer: { name: 'emmett', value: median.emmett },
        target: { atLeast: 300 },
        note: `latency p50 ${latest.p50.toFixed(1)} ms, p99 ${latest.p99.toFixed(1)} ms; emmett failed ${latestPeer.failed} of ${latestPeer.failed + latestPeer.accepted}`,
      }),
      row({
        figure: 'runtime_hot, 64 callers, against bare inserts',
        value: median.runtime,
        unit: 'events/s',
        peer: { name: 'bare insert', value: median['bare insert'] },
        target: { atLeast: 0.5 },
        note: `${Math.round(batches.sizes)} events a batch, up to ${batches.underWay} batches under way`,
      }),
    ];
  });
