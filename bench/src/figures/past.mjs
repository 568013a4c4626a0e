import { createLogger } from '@allotree/basics';
import { quotaOfLevels } from '@allotree/domain';
import { Arrivals } from '../../../apps/reporting-service/dist/events/arrivals.js';
import { EventLog } from '../../../apps/reporting-service/dist/events/event-log.js';
import { openDataSource } from '../../../apps/reporting-service/dist/persistence/data-source.js';
import { explain } from '../../../apps/reporting-service/dist/quotas/quota-why/explanation.js';
import { factsAt } from '../../../apps/reporting-service/dist/quotas/recorded-quota.js';
import { TablesProjection } from '../../../apps/reporting-service/dist/tables/tables-projection.js';
import { settle, withDatabase } from '../database.mjs';
import { median, percentile } from '../measure.mjs';
import { history, PROJECT, record, START, treeOf } from '../past-history.mjs';
import { row } from '../table.mjs';

const RESTRICTED = 1_000;

/** How fast the tables of the past follow the archive of events, and what a quota as of an instant takes, and its reasons. */
export const run = ({ server, quick, progress }) =>
  withDatabase(server, 'bench_past', async (connectionString) => {
    const logger = createLogger({ service: 'bench', level: 'warn' });
    const dataSource = await openDataSource(connectionString);
    const log = new EventLog(dataSource, new Arrivals(dataSource, logger), logger);
    const tree = treeOf(quick ? 10 : 100);
    const events = quick ? 10_000 : 200_000;
    const restricted = tree.flats.slice(0, RESTRICTED).map((path) => path.at(-1));
    const tables = new TablesProjection(dataSource, log, logger);
    let before;
    const milliseconds = await record({ dataSource, log, tables }, history(tree, { events, restricted }), async () => {
      progress(`${events} assignments in ${tree.flats.length} flats are archived`);
      await settle(connectionString);
      before = process.cpuUsage();
    });
    const { user, system } = process.cpuUsage(before);
    const followed = (events * 1_000) / milliseconds;
    const bare = (events * 1_000) / (await bareInserts(dataSource));
    await dataSource.query('ANALYZE');

    const flatAt = (n) => tree.flats[(n * 7_919) % tree.flats.length].at(-1);
    const instant = (n) => START + ((n * 104_729) % events) * 1_000 + 10_000;
    const timed = async (groupOf, ask) => {
      const times = [];
      for (let n = 0; n < (quick ? 200 : 2_000); n++) {
        const [moment, asked] = [
          { projectId: PROJECT, groupId: groupOf(n), parameter: 'at', at: instant(n) },
          performance.now(),
        ];
        await dataSource.transaction((tx) => ask(tx, moment));
        times.push(performance.now() - asked);
      }
      return times;
    };
    const asOf = async (tx, moment) => quotaOfLevels((await factsAt(tx, moment)).facts, moment.at);
    const flat = await timed(flatAt, asOf);
    progress(`a quota of a flat: ${median(flat).toFixed(1)} ms`);
    const building = await timed(() => 'building', asOf);
    progress(`a quota of the building: ${median(building).toFixed(1)} ms`);
    const why = await timed(flatAt, (tx, moment) => explain(tx, moment, 'sip_number'));
    await dataSource.destroy();
    const slowest = (times, figure, target) =>
      row({
        figure: `${figure}, without HTTP, p99`,
        value: percentile(times, 0.99),
        unit: 'ms',
        target: { atMost: target },
        note: `median ${median(times).toFixed(1)} ms`,
      });
    return [
      row({
        figure: 'tables of the past, following the archive',
        value: followed,
        unit: 'assignments/s',
        peer: { name: 'bare inserts of the same rows', value: bare },
        target: { atLeast: 20_000, of: 'value' },
        note: `five groups on each path, so five rows of use for each event, and one of the assignment; this process computed for ${((user + system) / 1e6).toFixed(1)} s of ${(milliseconds / 1_000).toFixed(1)} s`,
      }),
      slowest(flat, 'quota of a flat as of an instant', 20),
      slowest(building, `quota of a building with ${restricted.length} restricted flats as of an instant`, 20),
      slowest(why, 'why of a flat at an instant', 100),
    ];
  });

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
