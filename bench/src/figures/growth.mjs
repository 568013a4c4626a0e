import pg from 'pg';
import { quotaOf } from '@allotree/domain';
import { CommandRuntime, PostgresEventStore } from '@allotree/event-sourcing';
import { settle, withDatabase } from '../database.mjs';
import { interleave, median, throughput } from '../measure.mjs';
import { assign, context, openingCommands, restrictionCommands, smallTree } from '../projects.mjs';
import { accepted, inParallel, openRuntime } from '../runtime.mjs';
import { row } from '../table.mjs';

const CALLERS = 64;
const PROJECTS = 100;
const EVENTS_OF_A_STREAM = 100;
const LOADS = 200;

/**
 * Cost of a command, a load and a quota in a store of 10,000,000 events and in one of 1,000,000, measured in turn. The
 * quota is read consistently, so that it queries the store; a load reads a stream of 100 events from anywhere in the store.
 */
export const run = ({ server, quick, progress }) => {
  const counts = quick ? { small: 10_000, large: 100_000 } : { small: 1_000_000, large: 10_000_000 };
  return withDatabase(server, 'bench_growth_small', (small) =>
    withDatabase(server, 'bench_growth_large', (large) => measure({ small, large }, counts, { quick, progress })),
  );
};

async function measure(urls, counts, { quick, progress }) {
  const stores = {};
  for (const [name, url] of Object.entries(urls)) stores[name] = await openGrown(url, counts[name], progress);
  const time = quick ? { warmUpMs: 200, ms: 500 } : { warmUpMs: 1_000, ms: 4_000 };
  const sides = {};
  for (const [name, store] of Object.entries(stores)) {
    const cost = async (call) => 1e6 / (await throughput({ callers: CALLERS, ...time, call })).perSecond;
    const inTurn = (measureSide) => async () => {
      await settle(urls[name]);
      return measureSide();
    };
    sides[`${name} append`] = inTurn(() => cost(store.append));
    sides[`${name} load`] = inTurn(store.load);
    sides[`${name} quota`] = inTurn(() => cost(store.quota));
  }
  const found = await interleave(quick ? 1 : 5, sides, progress);
  for (const store of Object.values(stores)) await store.close();
  const millions = (count) => `${count.toLocaleString('en-US')} events`;
  return ['append', 'load', 'quota'].map((what) =>
    row({
      figure: `growth, ${what}, ${millions(counts.large)}`,
      value: found[`large ${what}`],
      unit: 'us',
      peer: { name: `at ${millions(counts.small)}`, value: found[`small ${what}`] },
      target: { atMost: 1.2 },
    }),
  );
}

/** A store with this many events of old streams, and some projects. */
async function openGrown(connectionString, events, progress) {
  await fill(connectionString, events);
  progress(`${events.toLocaleString('en-US')} events are stored`);
  const { handler, close } = await openRuntime(connectionString);
  const projects = Array.from({ length: PROJECTS }, (_, index) => `p${index + 1}`);
  await inParallel(8, projects, async (project) => {
    const { groups } = smallTree(project);
    const now = Date.now();
    const commands = [
      ...openingCommands(project, groups, now),
      ...restrictionCommands(groups, ['building', 'unit'], now),
    ];
    for (const command of commands) accepted(await handler.execute(project, command, context()));
  });
  let turn = 0;
  const next = () => {
    const project = projects[turn++ % PROJECTS];
    return { project, apartment: `${project}_b1_u1_f1_a1` };
  };
  return {
    async append() {
      const { project, apartment } = next();
      return (await handler.execute(project, assign(apartment, Date.now()), context())).kind === 'accepted';
    },
    async quota() {
      const { project, apartment } = next();
      const select = (state) => quotaOf(state, apartment, Date.now()) !== null;
      return handler.read(project, select, { consistent: true });
    },
    load: () => costOfLoad(connectionString, events / EVENTS_OF_A_STREAM),
    close,
  };
}

const COUNTING = {
  category: 'old',
  initial: () => 0,
  evolve: (count) => count + 1,
  decide: () => ({ ok: true, events: [] }),
  encode: (event) => event,
  decode: (type, data) => ({ type, data }),
};

/** Microseconds to load one stream into a new runtime. */
async function costOfLoad(connectionString, streams) {
  const store = await PostgresEventStore.open({ connectionString });
  const handler = new CommandRuntime({ store, maxStateBytes: 1 }).aggregate(COUNTING);
  const times = [];
  for (let load = 0; load < LOADS; load++) {
    const stream = String(Math.floor(Math.random() * streams)).padStart(9, '0');
    const start = performance.now();
    const count = await handler.read(stream, (state) => state);
    times.push((performance.now() - start) * 1_000);
    if (count !== EVENTS_OF_A_STREAM) throw new Error(`old-${stream} has ${count} events`);
  }
  await store.close();
  return median(times);
}

/**
 * Stores events of old streams in the order of their names, which keeps the indexes quick to fill. Their positions are
 * lower than any that an append gets.
 */
async function fill(connectionString, events) {
  await (await PostgresEventStore.open({ connectionString })).close();
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await fillTable(client, events);
    // Opening the store creates the dropped index again.
    await (await PostgresEventStore.open({ connectionString })).close();
    await client.query('VACUUM ANALYZE events.event');
  } finally {
    await client.end();
  }
}

async function fillTable(client, events) {
  await client.query('DROP INDEX events.event_of_command');
  await client.query(
    `INSERT INTO events.event (position, revision, event_id, category, stream_name, type, command_id, metadata, data)
     SELECT n + 1, n % $2, gen_random_uuid(), 'old', 'old-' || lpad((n / $2)::text, 9, '0'), 'AssignmentMade',
       gen_random_uuid()::text,
       json_build_object('correlationId', gen_random_uuid(), 'causationId', null, 'actor', 'user:bench', 'tenantId', 'tenant',
                         'recordedAt', '2026-01-01T00:00:00.000Z'),
       json_build_object('at', '2026-01-01T00:00:00.000Z', 'assignmentId', gen_random_uuid(), 'groupId', gen_random_uuid(),
                         'resource', 'sip_number', 'label', '101', 'holder', null, 'sipAssignmentId', null)
     FROM generate_series(0, $1::bigint - 1) AS n`,
    [events, EVENTS_OF_A_STREAM],
  );
}
