import { createLogger } from '@allotree/basics';
import { quotaOfLevels } from '@allotree/domain';
import { Arrivals } from '../../../apps/reporting-service/dist/events/arrivals.js';
import { EventLog } from '../../../apps/reporting-service/dist/events/event-log.js';
import { openDataSource } from '../../../apps/reporting-service/dist/persistence/data-source.js';
import { factsAt } from '../../../apps/reporting-service/dist/quotas/recorded-quota.js';
import { TablesProjection } from '../../../apps/reporting-service/dist/tables/tables-projection.js';
import { settle, withDatabase } from '../database.mjs';
import { row } from '../table.mjs';

const START = Date.parse('2026-01-01T00:00:00Z');
const BATCH = 1_000;
const PROJECT = 'project';

/** How fast the tables of the past follow the archive of events, and what a quota as of an instant takes. */
export const run = ({ server, quick, progress }) =>
  withDatabase(server, 'bench_past', async (connectionString) => {
    const logger = createLogger({ service: 'bench', level: 'warn' });
    const dataSource = await openDataSource(connectionString);
    const log = new EventLog(dataSource, new Arrivals(dataSource, logger), logger);
    const tree = treeOf(quick ? 10 : 100);
    const events = quick ? 10_000 : 200_000;
    for (const batch of inBatches(history(tree, events))) await log.record(batch);
    progress(`${events} assignments in ${tree.flats.length} flats are archived`);
    await settle(connectionString);

    const tables = new TablesProjection(dataSource, log, logger);
    const start = performance.now();
    tables.onApplicationBootstrap();
    // Counting what is behind would take time from what is measured.
    while (await isBehind(dataSource)) await new Promise((resolve) => setTimeout(resolve, 50));
    const followed = (events * 1_000) / (performance.now() - start);
    await tables.onModuleDestroy();
    const bare = (events * 1_000) / (await bareInserts(dataSource));
    await dataSource.query('ANALYZE');

    const times = [];
    for (let n = 0; n < (quick ? 200 : 2_000); n++) {
      const moment = {
        projectId: PROJECT,
        groupId: tree.flats[(n * 7_919) % tree.flats.length].at(-1),
        parameter: 'at',
      };
      const at = START + ((n * 104_729) % events) * 1_000 + 10_000;
      const asked = performance.now();
      const { facts } = await dataSource.transaction((tx) => factsAt(tx, { ...moment, at }));
      quotaOfLevels(facts, at);
      times.push(performance.now() - asked);
    }
    times.sort((a, b) => a - b);
    await dataSource.destroy();
    return [
      row({
        figure: 'tables of the past, following the archive',
        value: followed,
        unit: 'assignments/s',
        peer: { name: 'bare inserts of the same rows', value: bare },
        target: { atLeast: 20_000, of: 'value' },
        note: 'five groups on each path, so five rows of use for each event, and one of the assignment',
      }),
      row({
        figure: 'quota of a flat as of an instant, without HTTP, p99',
        value: times[Math.floor(times.length * 0.99)],
        unit: 'ms',
        target: { atMost: 20 },
        note: `median ${times[times.length >> 1].toFixed(1)} ms`,
      }),
    ];
  });

const isBehind = async (dataSource) => {
  const [row] = await dataSource.query(
    'SELECT position < (SELECT max(position) FROM reporting.event) AS behind FROM reporting.tables_position',
  );
  return row.behind;
};

/** Units of ten floors of ten flats in one building. */
function treeOf(units) {
  const groups = [{ groupId: 'building', parentId: PROJECT, type: 'building', name: 'Building' }];
  const flats = [];
  for (let u = 0; u < units; u++) {
    groups.push({ groupId: `u${u}`, parentId: 'building', type: 'unit', name: `Unit ${u}` });
    for (let f = 0; f < 10; f++) {
      groups.push({ groupId: `u${u}f${f}`, parentId: `u${u}`, type: 'floor', name: `Floor ${f}` });
      for (let a = 0; a < 10; a++) {
        const flat = `u${u}f${f}a${a}`;
        groups.push({ groupId: flat, parentId: `u${u}f${f}`, type: 'apartment', name: `Flat ${a}` });
        flats.push([PROJECT, 'building', `u${u}`, `u${u}f${f}`, flat]);
      }
    }
  }
  return { groups, flats };
}

function* history({ groups, flats }, events) {
  const ofGroups = published('/group-service');
  const ofLicensing = published('/license-service');
  const place = {
    partnerId: 'partner',
    tenantId: 'tenant',
    timeZone: 'Europe/Berlin',
    billingMode: 'prepaid',
    trial: false,
  };
  yield ofGroups(START, 'allotree.project-created.v1', { name: 'Project', ...place });
  for (let from = 0; from < groups.length; from += 1_000)
    yield ofGroups(START, 'allotree.groups-placed.v1', { groups: groups.slice(from, from + 1_000) });
  const units = { sip_number: 1_000_000, mobile_app: 1_000_000, ukey2: null };
  const validFrom = new Date(START).toISOString();
  const term = { type: 'plus', units, features: ['siri'], validFrom, validUntil: null };
  yield ofLicensing(START, 'allotree.license-granted.v1', { licenseId: 'plus', ...term, source: { kind: 'manual' } });
  const section = { enabled: true, poolMode: 'shared', gracePeriodDays: 0, reminder: null, place: null };
  for (const groupId of ['building', ...new Set(flats.map((path) => path[2]))]) {
    const allotments = [{ allotmentId: `of-${groupId}`, ...term }];
    yield ofLicensing(START, 'allotree.restriction-changed.v1', { groupId, ...section, allotments });
  }
  for (let n = 0; n < events; n++) {
    const path = flats[(n * 7_919) % flats.length];
    const assignment = { assignmentId: `a${n}`, groupId: path.at(-1), resource: 'sip_number', path };
    yield ofLicensing(START + n * 1_000, 'allotree.assignment-made.v1', assignment);
  }
}

function published(source) {
  let sequence = 0;
  return (at, type, data) => ({
    specversion: '1.0',
    id: `${source} ${sequence}`,
    source,
    type,
    subject: PROJECT,
    time: new Date(at).toISOString(),
    tenantid: 'tenant',
    correlationid: 'bench',
    causationid: null,
    actor: 'user:bench',
    sequence: String(sequence++).padStart(16, '0'),
    data: { projectId: PROJECT, ...data, at: new Date(at).toISOString() },
  });
}

function* inBatches(events) {
  let batch = [];
  for (const event of events) {
    batch.push(event);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** The milliseconds that PostgreSQL needs to put the same rows into the same tables, emptied, in one statement for each. */
async function bareInserts(dataSource) {
  let milliseconds = 0;
  for (const table of ['usage_step', 'assignment_version', 'event_of_group']) {
    await dataSource.query(`CREATE TABLE copied AS SELECT * FROM reporting.${table}`);
    await dataSource.query(`CREATE TABLE empty (LIKE reporting.${table} INCLUDING ALL)`);
    const start = performance.now();
    await dataSource.query('INSERT INTO empty SELECT * FROM copied');
    milliseconds += performance.now() - start;
    await dataSource.query('DROP TABLE copied, empty');
  }
  return milliseconds;
}
