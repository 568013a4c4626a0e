import pg from 'pg';
import { projectAggregate } from '@allotree/domain';
import { CommandRuntime, PostgresEventStore, PostgresSnapshotStore } from '@allotree/event-sourcing';
import { openBareInsert } from './peers/bare-insert.mjs';
import { openEmmett } from './peers/emmett.mjs';
import { assign, context, openingCommands, restrictionCommands, smallTree } from './projects.mjs';

/**
 * The command runtime as used by the license service, with snapshots. `recording` returns the batches appended
 * meanwhile.
 */
export async function openRuntime(connectionString) {
  const store = await PostgresEventStore.open({ connectionString });
  const snapshots = await PostgresSnapshotStore.open({ connectionString });
  const recorder = watchBatches(store, connectionString);
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
 * The command runtime and its peers on one database, each with `count` small projects. `runtime(project)` and
 * `emmett(project)` assign one unit at an apartment.
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
    projects,
    anyProject: () => projects[turn++ % count],
    runtime: async (project) =>
      (await handler.execute(project, assign(apartment(project), Date.now()), context())).kind === 'accepted',
    emmett: (project) => emmett.execute(project, assign(apartment(project), Date.now())),
    recording,
    /** Events per second of bare inserts of these batches, with the concurrency of the runtime. */
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

/**
 * Counts the batches passed to the store. They are read from the database afterwards: keeping them would burden the
 * garbage collector of the measured process.
 */
function watchBatches(store, connectionString) {
  let open = 0;
  let underWay = 0;
  const append = async (batch) => {
    underWay = Math.max(underWay, ++open);
    try {
      return await store.append(batch);
    } finally {
      open--;
    }
  };
  const watched = new Proxy(store, {
    get(target, name) {
      if (name === 'append') return append;
      const member = target[name];
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return {
    store: watched,
    async during(work) {
      const before = await store.head();
      underWay = 0;
      const result = await work();
      const list = await batchesAfter(connectionString, before);
      const events = list.reduce((sum, batch) => sum + batch.length, 0);
      return { result, batches: { list, events, underWay, sizes: events / list.length } };
    },
  };
}

/** The position of the last event. */
export async function headOf(connectionString) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  const { rows } = await client.query('SELECT coalesce(max(position), 0)::text AS head FROM events.event');
  await client.end();
  return rows[0].head;
}

/** The events of each append after a position; the upper bits of a position are the transaction of the append. */
export async function batchesAfter(connectionString, position) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  const { rows } = await client.query(
    `SELECT position >> 20 AS batch, stream_name AS stream, revision, event_id AS "eventId", type, command_id AS "commandId", metadata, data
     FROM events.event WHERE position > $1 ORDER BY position`,
    [String(position)],
  );
  await client.end();
  const batches = new Map();
  for (const { batch, ...event } of rows) {
    if (batches.has(batch)) batches.get(batch).push(event);
    else batches.set(batch, [event]);
  }
  return [...batches.values()];
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
