import { URLSearchParams } from 'node:url';
import { createLogger } from '@allotree/basics';
import { Arrivals } from '../../../apps/reporting-service/dist/events/arrivals.js';
import { EventLog } from '../../../apps/reporting-service/dist/events/event-log.js';
import { openDataSource } from '../../../apps/reporting-service/dist/persistence/data-source.js';
import { TablesProjection } from '../../../apps/reporting-service/dist/tables/tables-projection.js';
import { settle, withDatabase } from '../database.mjs';
import { median, percentile } from '../measure.mjs';
import { history, inBatches, PROJECT, START, treeOf, untilFollowed } from '../past-history.mjs';
import { startProduct } from '../product.mjs';
import { row } from '../table.mjs';

const RESOURCE = 'sip_number';
const EVERY_MS = 1_000;
const RESTRICTED = 1_000;
const DAY = 86_400_000;
const REPORT_EVERY = 250_000;

/** Questions over HTTP about the past of one large project, and a search in it: one request after the other. */
export const run = ({ server, quick, progress }) =>
  withDatabase(server, 'bench_past_large', (reporting) =>
    withDatabase(server, 'bench_past_large_services', async (services) => {
      const tree = treeOf(quick ? 10 : 913);
      const size = quick
        ? { events: 20_000, inForce: 2_000, questions: 50 }
        : { events: 10_000_000, inForce: 1_000_000, questions: 2_000 };
      await fill(reporting, tree, { ...size, progress });
      await settle(reporting);
      const product = await startProduct(services, { REPORTING_DATABASE_URL: reporting });
      try {
        return await ask(product, tree, { ...size, progress });
      } finally {
        await product.stop();
      }
    }),
  );

async function fill(connectionString, tree, { events, inForce, progress }) {
  const logger = createLogger({ service: 'bench', level: 'warn' });
  const dataSource = await openDataSource(connectionString);
  const log = new EventLog(dataSource, new Arrivals(dataSource, logger), logger);
  const tables = new TablesProjection(dataSource, log, logger);
  const restricted = tree.flats.slice(0, RESTRICTED).map((path) => path.at(-1));
  tables.onApplicationBootstrap();
  let recorded = 0;
  for (const batch of inBatches(history(tree, { events, everyMs: EVERY_MS, restricted, inForce }))) {
    await log.record(batch);
    recorded += batch.length;
    if (recorded % REPORT_EVERY < batch.length) progress(`${recorded.toLocaleString('en-US')} events are archived`);
  }
  await untilFollowed(dataSource);
  await tables.onModuleDestroy();
  progress('the tables have followed');
  // What the service receives about partners and projects beside these tables: callers search in the tenants that exist.
  await dataSource.query("INSERT INTO reporting.access_partner VALUES ('partner', 'tenant')");
  await dataSource.query(`INSERT INTO reporting.access_project VALUES ('${PROJECT}', 'tenant', 'partner')`);
  await dataSource.query('VACUUM ANALYZE');
  await dataSource.destroy();
}

async function ask(product, tree, { events, questions, inForce, progress }) {
  const flatAt = (n) => tree.flats[(n * 7_919) % tree.flats.length].at(-1);
  const instantAt = (n) => new Date(START + ((n * 104_729) % events) * EVERY_MS + 10_000).toISOString();
  const newest = (events + inForce) / 2 - 1;
  const of = (groupId) => `/projects/${PROJECT}/groups/${groupId}`;
  const query = (fields) => new URLSearchParams(fields).toString();
  // Thirty days of the project's time zone.
  const month = (n) => {
    const midnight = START - 3_600_000 + (1 + (n % 60)) * DAY;
    return { from: new Date(midnight).toISOString(), to: new Date(midnight + 30 * DAY).toISOString() };
  };
  const known = `${tree.groups.length.toLocaleString('en-US')} groups, ${events.toLocaleString('en-US')} events`;
  const figures = [
    [
      'quota of a flat as of an instant',
      0.99,
      20,
      (n) => `${of(flatAt(n))}/quota/as-of?${query({ at: instantAt(n) })}`,
    ],
    [
      `quota of a building with ${RESTRICTED.toLocaleString('en-US')} restricted flats as of an instant`,
      0.99,
      20,
      (n) => `${of('building')}/quota/as-of?${query({ at: instantAt(n) })}`,
    ],
    [
      'why of a flat at an instant',
      0.99,
      100,
      (n) => `${of(flatAt(n))}/quota/why?${query({ resource: RESOURCE, at: instantAt(n) })}`,
    ],
    [
      'use of the project in a month, day by day',
      0.99,
      50,
      (n) => `${of(PROJECT)}/usage?${query({ resource: RESOURCE, ...month(n), window: 'P1D' })}`,
    ],
    [
      `search for an external id among ${inForce.toLocaleString('en-US')} numbers`,
      0.95,
      50,
      (n) => `/search?${query({ q: `number-${newest - ((n * 7_919) % inForce)}` })}`,
    ],
    ['search for the beginning of a name', 0.95, 50, (n) => `/search?${query({ q: `Unit ${n % 900}` })}`],
    ['search for a similar name', 0.95, 50, (n) => `/search?${query({ q: `Flats ${n % 10}` })}`],
  ];
  const rows = [];
  for (const [what, share, atMost, pathOf] of figures) {
    const times = await timed(product, { what, pathOf, questions });
    progress(`${what}: ${median(times).toFixed(1)} ms`);
    rows.push(
      row({
        figure: `${what}, over HTTP, p${share * 100}`,
        value: percentile(times, share),
        unit: 'ms',
        target: { atMost },
        note: `${known}; median ${median(times).toFixed(1)} ms of ${questions.toLocaleString('en-US')} requests, one after the other`,
      }),
    );
  }
  return rows;
}

/** The milliseconds of each request, after as many for warming up as a tenth of them. */
async function timed(product, { what, pathOf, questions }) {
  const times = [];
  for (let n = -questions / 10; n < questions; n++) {
    const start = performance.now();
    const { items = [] } = await product.get(pathOf(Math.abs(n)));
    if (what.startsWith('search') && items.length === 0) throw new Error(`nothing was found: ${pathOf(Math.abs(n))}`);
    if (n >= 0) times.push(performance.now() - start);
  }
  return times;
}
