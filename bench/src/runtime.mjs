import { projectAggregate } from '@allotree/domain';
import { CommandRuntime, PostgresEventStore, PostgresSnapshotStore } from '@allotree/event-sourcing';
import { openBareInsert } from './peers/bare-insert.mjs';
import { openEmmett } from './peers/emmett.mjs';
import { assign, context, openingCommands, restrictionCommands, smallTree } from './projects.mjs';

/** The command runtime as the license service runs it: with snapshots. `recording` gives the batches it makes meanwhile. */
export async function openRuntime(connectionString) {
  const store = await PostgresEventStore.open({ connectionString });
  const snapshots = await PostgresSnapshotStore.open({ connectionString });
  const recorder = recordBatches(store);
  const runtime = new CommandRuntime({ store: recorder.store, snapshots });
  return {
    handler: runtime.aggregate(projectAggregate),
    recording: recorder.during,
    async close() {
      await runtime.stop();
      await Promise.all([store.close(), snapshots.close()]);
    },
  };
}

/**
 * The command runtime and its peers on one database, `count` small projects open in each of them.
 * `runtime(project)` and `emmett(project)` assign one number at an apartment of it.
 */
export async function openPeers(connectionString, count, progress) {
  const { handler, recording, close } = await openRuntime(connectionString);
  const emmett = await openEmmett(connectionString, projectAggregate);
  const bare = await openBareInsert(connectionString);

  const projects = Array.from({ length: count }, (_, index) => `p${index + 1}`);
  progress(`opening ${count} projects on both sides`);
  await inParallel(8, projects, async (project) => {
    const { groups } = smallTree(project);
    const now = Date.now();
    const commands = [
      ...openingCommands(project, groups, now),
      ...restrictionCommands(groups, ['building', 'unit'], now),
    ];
    for (const command of commands) {
      accepted(await handler.execute(project, command, context()));
      await emmett.execute(project, command);
    }
  });

  let turn = 0;
  const apartment = (project) => `${project}_b1_u1_f1_a${1 + (turn % 3)}`;
  return {
    anyProject: () => projects[turn++ % count],
    runtime: async (project) =>
      (await handler.execute(project, assign(apartment(project), Date.now()), context())).kind === 'accepted',
    emmett: (project) => emmett.execute(project, assign(apartment(project), Date.now())),
    recording,
    /** Events a second that bare inserts of these batches reach, as many under way as the runtime had. */
    async bareInsert({ list, events, underWay }) {
      const start = performance.now();
      await bare.insert(list, underWay);
      return (events * 1000) / (performance.now() - start);
    },
    async close() {
      await close();
      await Promise.all([emmett.close(), bare.close()]);
    },
  };
}

/** The store as it is, with the batches that pass through it kept while something is being measured. */
function recordBatches(store) {
  let list = null;
  let open = 0;
  let underWay = 0;
  const append = async (batch) => {
    list?.push(batch);
    underWay = Math.max(underWay, ++open);
    try {
      return await store.append(batch);
    } finally {
      open--;
    }
  };
  const wrapped = new Proxy(store, {
    get(target, name) {
      if (name === 'append') return append;
      const member = target[name];
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return {
    store: wrapped,
    async during(work) {
      list = [];
      underWay = 0;
      const result = await work();
      const batches = list;
      list = null;
      const events = batches.reduce((sum, batch) => sum + batch.reduce((all, { events }) => all + events.length, 0), 0);
      return { result, batches: { list: batches, events, underWay, sizes: events / batches.length } };
    },
  };
}

export function accepted(outcome) {
  if (outcome.kind !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(outcome)}`);
  return outcome;
}

export async function inParallel(width, list, work) {
  const rest = list.values();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
