import { DuckDBInstance } from '@duckdb/node-api';
import { createLogger } from '@allotree/basics';
import { projectAggregate, quotaOf, quotaOfLevels } from '@allotree/domain';
import { Arrivals } from '../../../apps/reporting-service/dist/events/arrivals.js';
import { EventLog } from '../../../apps/reporting-service/dist/events/event-log.js';
import { ExportWorker } from '../../../apps/reporting-service/dist/exports/export-worker.js';
import { Exports } from '../../../apps/reporting-service/dist/exports/exports.js';
import { openDataSource } from '../../../apps/reporting-service/dist/persistence/data-source.js';
import { factsAt } from '../../../apps/reporting-service/dist/quotas/recorded-quota.js';
import { TablesProjection } from '../../../apps/reporting-service/dist/tables/tables-projection.js';
import { topOf } from '../../../apps/reporting-service/dist/usage/top/top.js';
import { settle, withDatabase } from '../database.mjs';
import { interleave, median } from '../measure.mjs';
import { history, PROJECT, record, START, treeOf } from '../past-history.mjs';
import { assign, openingCommands, restrict } from '../projects.mjs';
import { row } from '../table.mjs';

const MONTH = { from: START, until: START + 30 * 86_400_000 };
const RESOURCE = 'sip_number';

/** What questions about the past take, against other ways to answer them. */
export const run = ({ server, quick, progress }) =>
  withDatabase(server, 'bench_past_questions', async (connectionString) => {
    const logger = createLogger({ service: 'bench', level: 'warn' });
    const dataSource = await openDataSource(connectionString);
    // First, while this process holds nothing else.
    const exports = await exported(dataSource, logger, { rows: quick ? 20_000 : 1_000_000, progress });

    const log = new EventLog(dataSource, new Arrivals(dataSource, logger), logger);
    const tables = new TablesProjection(dataSource, log, logger);
    const tree = treeOf(quick ? 10 : 100);
    const events = quick ? 10_000 : 100_000;
    const everyMs = (MONTH.until - MONTH.from) / events;
    await record({ dataSource, log, tables }, history(tree, { events, everyMs }), () => settle(connectionString));
    await dataSource.query('ANALYZE');
    progress(`${events} assignments in ${tree.flats.length} flats are in the tables`);

    const asOf = await compareAsOf(dataSource, { tree, events, everyMs }, { rounds: quick ? 1 : 3, progress });
    const use = await compareUse(dataSource, { rounds: quick ? 1 : 5, progress });
    await dataSource.destroy();
    const groups = `use of ${use.groups.toLocaleString('en-US')} groups in a month`;
    return [
      ...exports,
      row({
        figure: 'quota of a flat as of an instant, without HTTP',
        value: asOf.tables,
        unit: 'ms',
        peer: { name: 'folding the events up to it', value: asOf.fold },
        target: { atMost: 0.1 },
        note: `${events.toLocaleString('en-US')} assignments; the fold reads them from memory, decoded`,
      }),
      row({
        figure: `${groups}, from the tables`,
        value: use.tables,
        unit: 'ms',
        peer: { name: 'DuckDB', value: use.duckdb },
        note: `${use.steps.toLocaleString('en-US')} changes; the tables are on disk, those of DuckDB in its memory`,
      }),
      row({
        figure: `${groups}, from the tables (limit)`,
        value: use.tables,
        unit: 'ms',
        peer: { name: 'a loop over arrays', value: use.arrays },
      }),
    ];
  });

/** Exports rows that no event made, in each format, and watches the memory. */
async function exported(dataSource, logger, { rows, progress }) {
  await dataSource.query(
    `INSERT INTO reporting.assignment_version (tenant_id, project_id, assignment_id, from_at, position, group_id, resource, is_suspended)
     SELECT 'exported', 'exported', gen_random_uuid()::text, '2025-01-01', n, 'flat-' || n % 100000, '${RESOURCE}', false
     FROM generate_series(1, $1::integer) n`,
    [rows],
  );
  await dataSource.query('VACUUM ANALYZE reporting.assignment_version');
  progress(`${rows} assignments are there to export`);
  const clock = { now: () => START };
  const exports = new Exports(dataSource);
  const worker = new ExportWorker(dataSource, exports, clock, logger);
  worker.onApplicationBootstrap();
  const figures = [];
  for (const format of ['csv', 'parquet']) {
    globalThis.gc?.();
    const { seconds, megabytes, manifest } = await watched(async () => {
      const request = { dataset: 'assignments', format, at: new Date(START).toISOString() };
      const createdAt = new Date(START);
      const more = { exportId: format, userId: 'bench', tenants: null, createdAt, expiresAt: new Date(2 * START) };
      await exports.add({ ...more, request });
      worker.look();
      for (;;) {
        const stored = await exports.find(format);
        if (stored.status === 'failed') throw new Error(stored.reason);
        if (stored.manifest) return stored.manifest;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
    const [file] = manifest.files;
    progress(`${format}: ${seconds.toFixed(1)} s, ${megabytes} MB`);
    const figure = `export of ${rows.toLocaleString('en-US')} assignments as ${format}`;
    const size = `${(file.bytes / 1e6).toFixed(0)} MB of ${format}`;
    figures.push(row({ figure, value: seconds, unit: 's', target: { atMost: 15 }, note: size }));
    figures.push(row({ figure: `${figure}, memory`, value: megabytes, unit: 'MB', target: { atMost: 300 } }));
  }
  await worker.onModuleDestroy();
  await dataSource.query("DELETE FROM reporting.assignment_version WHERE project_id = 'exported'");
  await dataSource.query('VACUUM reporting.assignment_version');
  return figures;
}

/** The seconds that some work takes, and the most memory that this process holds meanwhile. */
async function watched(work) {
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
  const start = performance.now();
  try {
    const manifest = await work();
    return { manifest, seconds: (performance.now() - start) / 1_000, megabytes: Math.round(most / 1e6) };
  } finally {
    clearInterval(watch);
  }
}

/** The quota of a flat at instants of the month, from the tables and by a fold of the project's events; both are the same. */
async function compareAsOf(dataSource, { tree, events, everyMs }, { rounds, progress }) {
  const recorded = projectEvents(tree, { events, everyMs });
  progress(`${recorded.length} events of the project are there to fold`);
  const instants = (count, round) =>
    Array.from({ length: count }, (_, n) => START + everyMs * (((n + round * count) * 104_729) % events));
  const flatAt = (n) => tree.flats[(n * 7_919) % tree.flats.length].at(-1);
  const fromTables = (groupId, at) =>
    dataSource.transaction(async (tx) => {
      const moment = { projectId: PROJECT, groupId, parameter: 'at', at };
      return quotaOfLevels((await factsAt(tx, moment)).facts, at);
    });
  const byFold = (groupId, at) => {
    const state = projectAggregate.initial();
    for (const event of recorded) {
      if (event.at > at) break;
      projectAggregate.evolve(state, event);
    }
    return quotaOf(state, groupId, at);
  };
  for (const [n, at] of instants(5, 0).entries()) {
    const uses = [await fromTables(flatAt(n), at), byFold(flatAt(n), at)].map(
      (quota) => quota.resources[RESOURCE].consumed,
    );
    if (uses[0] !== uses[1]) throw new Error(`${uses[0]} from the tables, ${uses[1]} folded`);
  }
  const timed = async (count, round, ask) => {
    const times = [];
    for (const [n, at] of instants(count, round).entries()) {
      const start = performance.now();
      await ask(flatAt(n), at);
      times.push(performance.now() - start);
    }
    return median(times);
  };
  return interleave(
    rounds,
    { tables: (round) => timed(200, round, fromTables), fold: (round) => timed(5, round, byFold) },
    progress,
  );
}

/** The same history as the project's own events. */
function projectEvents({ groups, flats }, { events, everyMs }) {
  const state = projectAggregate.initial();
  const recorded = [];
  const obey = (command) => {
    const decision = projectAggregate.decide(state, command);
    if (!decision.ok) throw new Error(JSON.stringify(decision.refusal));
    for (const event of decision.events) {
      projectAggregate.evolve(state, event);
      recorded.push(event);
    }
  };
  const root = { groupId: PROJECT, parentId: null, type: 'company', name: 'Project' };
  for (const command of openingCommands(PROJECT, [root, ...groups], START)) obey(command);
  const units = { sip_number: 1_000_000, mobile_app: 1_000_000, ukey2: 1_000_000 };
  for (const groupId of ['building', ...new Set(flats.map((path) => path[2]))]) obey(restrict(groupId, units, START));
  for (let n = 0; n < events; n++) obey(assign(flats[(n * 7_919) % flats.length].at(-1), START + n * everyMs));
  return recorded;
}

/** The peak and the integral of every group in the month; all sides have the same. */
async function compareUse(dataSource, { rounds, progress }) {
  const steps = await dataSource.query(
    `SELECT group_id, extract(epoch FROM at)::double precision * 1000 AS at, in_force FROM reporting.usage_step
     WHERE project_id = $1 AND resource = $2 ORDER BY group_id, at`,
    [PROJECT, RESOURCE],
  );
  const duckdb = await inDuckDb(steps);
  const arrays = inArrays(steps);
  const query = { resource: RESOURCE, measure: 'peak', limit: 1_000_000 };
  const sides = {
    tables: async () => {
      const top = await dataSource.transaction((tx) =>
        topOf(tx, { projectId: PROJECT, query, period: MONTH, reach: null }),
      );
      return top.items.map(({ peak, unitMs }) => [peak, Number(unitMs)]);
    },
    duckdb: duckdb.ask,
    arrays: () => arrays.map((ofGroup) => measuredInLoop(ofGroup)),
  };
  const totals = {};
  const timed = (name) => async () => {
    const start = performance.now();
    const measured = await sides[name]();
    const milliseconds = performance.now() - start;
    totals[name] = JSON.stringify(
      measured.reduce(([groups, peaks, sum], [peak, unitMs]) => [groups + 1, peaks + peak, sum + unitMs], [0, 0, 0]),
    );
    return milliseconds;
  };
  const found = await interleave(
    rounds,
    Object.fromEntries(Object.keys(sides).map((name) => [name, timed(name)])),
    progress,
  );
  duckdb.close();
  if (new Set(Object.values(totals)).size !== 1) throw new Error(`not the same: ${JSON.stringify(totals)}`);
  return { ...found, groups: arrays.length, steps: steps.length };
}

async function inDuckDb(steps) {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run('CREATE TABLE step (group_id VARCHAR, since BIGINT, units INTEGER)');
  const appender = await connection.createAppender('step');
  for (const { group_id, at, in_force } of steps) {
    appender.appendVarchar(group_id);
    appender.appendBigInt(BigInt(Math.round(at)));
    appender.appendInteger(in_force);
    appender.endRow();
  }
  appender.closeSync();
  const sql = `
    SELECT max(units), sum(units::BIGINT * (until - greatest(since, ${MONTH.from})))::DOUBLE FROM (
      SELECT *, lead(since, 1, ${MONTH.until}) OVER (PARTITION BY group_id ORDER BY since) AS until FROM step WHERE since < ${MONTH.until})
    WHERE until > ${MONTH.from} GROUP BY group_id`;
  const ask = async () => (await connection.runAndReadAll(sql)).getRows();
  const close = () => {
    connection.closeSync();
    instance.closeSync();
  };
  return { ask, close };
}

function inArrays(steps) {
  const groups = new Map();
  for (const { group_id, at, in_force } of steps) {
    const ofGroup = groups.get(group_id) ?? { at: [], units: [] };
    ofGroup.at.push(Math.round(at));
    ofGroup.units.push(in_force);
    groups.set(group_id, ofGroup);
  }
  return [...groups.values()].map(({ at, units }) => ({ at: Float64Array.from(at), units: Int32Array.from(units) }));
}

function measuredInLoop({ at, units }) {
  let [peak, unitMs, since, now] = [0, 0, MONTH.from, 0];
  for (let n = 0; n < at.length && at[n] < MONTH.until; n++) {
    if (at[n] > since) {
      unitMs += now * (at[n] - since);
      since = at[n];
    }
    now = units[n];
    if (now > peak) peak = now;
  }
  return [peak, unitMs + now * (MONTH.until - since)];
}
