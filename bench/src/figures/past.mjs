import { createLogger } from '@allotree/basics';
import { quotaOfLevels } from '@allotree/domain';
import { Arrivals } from '../../../apps/reporting-service/dist/events/arrivals.js';
import { EventLog } from '../../../apps/reporting-service/dist/events/event-log.js';
import { openDataSource } from '../../../apps/reporting-service/dist/persistence/data-source.js';
import { factsAt } from '../../../apps/reporting-service/dist/quotas/recorded-quota.js';
import { TablesProjection } from '../../../apps/reporting-service/dist/tables/tables-projection.js';
import { settle, withDatabase } from '../database.mjs';
import { history, PROJECT, record, START, treeOf } from '../past-history.mjs';
import { row } from '../table.mjs';

/** How fast the tables of the past follow the archive of events, and what a quota as of an instant takes. */
export const run = ({ server, quick, progress }) =>
  withDatabase(server, 'bench_past', async (connectionString) => {
    const logger = createLogger({ service: 'bench', level: 'warn' });
    const dataSource = await openDataSource(connectionString);
    const log = new EventLog(dataSource, new Arrivals(dataSource, logger), logger);
    const tree = treeOf(quick ? 10 : 100);
    const events = quick ? 10_000 : 200_000;
    const tables = new TablesProjection(dataSource, log, logger);
    const milliseconds = await record({ dataSource, log, tables }, history(tree, { events }), () => {
      progress(`${events} assignments in ${tree.flats.length} flats are archived`);
      return settle(connectionString);
    });
    const followed = (events * 1_000) / milliseconds;
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
