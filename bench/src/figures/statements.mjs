import { createLogger } from '@allotree/basics';
import { controlTotals } from '@allotree/domain';
import { sequenceOf } from '@allotree/contracts';
import { Arrivals } from '../../../apps/reporting-service/dist/events/arrivals.js';
import { EventLog } from '../../../apps/reporting-service/dist/events/event-log.js';
import { openDataSource } from '../../../apps/reporting-service/dist/persistence/data-source.js';
import { BillingOutbox } from '../../../apps/reporting-service/dist/statements/billing-outbox.js';
import { Documents } from '../../../apps/reporting-service/dist/statements/documents.js';
import { totalsText } from '../../../apps/reporting-service/dist/statements/project-statements.js';
import { SigningKey } from '../../../apps/reporting-service/dist/statements/signing-key.js';
import { StatementIssuer } from '../../../apps/reporting-service/dist/statements/statement-issuer.js';
import { TablesProjection } from '../../../apps/reporting-service/dist/tables/tables-projection.js';
import { settle, withDatabase } from '../database.mjs';
import { inBatches } from '../past-history.mjs';
import { row } from '../table.mjs';

const FROM = Date.parse('2026-06-01T00:00:00Z');
const UNTIL = Date.parse('2026-07-01T00:00:00Z');
const CALENDAR = { interval: 'P1M', anchorDay: 1, timeZone: 'UTC' };
const iso = (at) => new Date(at).toISOString();

/**
 * Time from the arrival of the events that close the periods of all projects until each has its statement and the event about it is
 * published: the log, the tables of the past, the accounts, the comparison of both computations, the statements.
 */
export const run = ({ server, quick, progress }) =>
  withDatabase(server, 'bench_statements', async (connectionString) => {
    const projects = quick ? 200 : 10_000;
    const logger = createLogger({ service: 'bench', level: 'warn' });
    const dataSource = await openDataSource(connectionString);
    const log = new EventLog(dataSource, new Arrivals(dataSource, logger), logger);
    const tables = new TablesProjection(dataSource, log, logger);
    const bus = { publish: () => Promise.resolve() };
    const documents = new Documents(new SigningKey(dataSource, {}));
    const outbox = new BillingOutbox(dataSource, bus);
    const clock = { now: () => UNTIL + 1_000 };
    const configuration = { STATEMENT_WAIT_SECONDS: 3_600 };
    const issuer = new StatementIssuer(dataSource, tables, documents, outbox, clock, configuration, logger);
    const one = async (sql) => (await dataSource.query(sql))[0];
    const until = async (sql) => {
      while ((await one(`SELECT (SELECT ${sql}) AS is_so`)).is_so !== true)
        await new Promise((go) => setTimeout(go, 50));
    };

    for (const batch of inBatches(months(projects))) await log.record(batch);
    tables.onApplicationBootstrap();
    issuer.onApplicationBootstrap();
    const followed = 'position = (SELECT max(position) FROM reporting.event) FROM reporting';
    await until(`${followed}.billing_position`);
    progress(`${projects} projects have used a number for a month`);
    await settle(connectionString);

    const closing = [...inBatches(closes(projects))];
    const start = performance.now();
    const since = () => (performance.now() - start) / 1_000;
    for (const batch of closing) await log.record(batch);
    const stored = since();
    await until(`${followed}.billing_position`);
    const read = since();
    await until(`count(*) = ${projects} AND NOT EXISTS (SELECT FROM reporting.billing_outbox) FROM reporting.document`);
    const took = since();
    const { held } = await one(
      "SELECT count(*)::integer AS held FROM reporting.billing_period WHERE status <> 'agreed'",
    );
    if (held > 0) throw new Error(`${held} periods are held`);
    await issuer.onModuleDestroy();
    await tables.onModuleDestroy();
    const bare = await bareInserts(dataSource, connectionString);
    await dataSource.destroy();
    return [
      row({
        figure: `statements of ${projects.toLocaleString('en-US')} projects, from the arrival of the events that close their periods`,
        value: took,
        unit: 's',
        peer: { name: 'bare inserts of the same events, periods and documents', value: bare },
        target: { atMost: 60, of: 'value' },
        note: `events stored after ${stored.toFixed(1)} s, in the tables and accounts after ${read.toFixed(1)} s`,
      }),
    ];
  });

const aboutProject = (n, source) => {
  let sequence = 0;
  return (at, type, data) => ({
    specversion: '1.0',
    id: `p${n} ${source} ${type} ${at}`,
    source,
    type,
    subject: `p${n}`,
    time: iso(at),
    tenantid: 'tenant',
    correlationid: 'bench',
    causationid: null,
    actor: 'user:bench',
    sequence: sequenceOf(sequence++),
    data: { projectId: `p${n}`, at: iso(at), ...data },
  });
};

/** Projects that use a number from the eleventh day on. */
function* months(projects) {
  for (let n = 0; n < projects; n++) {
    const [ofGroups, ofLicensing] = [aboutProject(n, '/group-service'), aboutProject(n, '/license-service')];
    const place = { partnerId: 'partner', tenantId: 'tenant', timeZone: 'UTC', billingMode: 'postpaid', trial: false };
    yield ofGroups(FROM, 'allotree.project-created.v1', { name: `Project ${n}`, ...place });
    const terms = { ...CALENDAR, anchorMonth: '2026-06', effectiveFrom: iso(FROM) };
    yield ofLicensing(FROM, 'allotree.billing-terms-set.v1', terms);
    const assigned = { assignmentId: 'a', groupId: `p${n}`, resource: 'sip_number', path: [`p${n}`] };
    yield ofLicensing(FROM + 10 * 86_400_000, 'allotree.assignment-made.v1', assigned);
  }
}

function* closes(projects) {
  const period = { from: FROM, until: UNTIL };
  const none = { open: 0, steps: [] };
  const used = { open: 0, steps: [{ at: FROM + 10 * 86_400_000, units: 1 }] };
  const totals = totalsText({
    sip_number: controlTotals(used, none, period),
    mobile_app: controlTotals(none, none, period),
    ukey2: controlTotals(none, none, period),
  });
  for (let n = 0; n < projects; n++) {
    const ofLicensing = aboutProject(n, '/license-service');
    const periodId = `p${n}:${iso(FROM)}`;
    const span = { from: iso(FROM), until: iso(UNTIL) };
    const closed = { periodId, ...span, ...CALENDAR, paymentModel: 'postpaid', totals };
    // After the two events of the month.
    yield { ...ofLicensing(UNTIL, 'allotree.usage-period-closed.v1', closed), sequence: sequenceOf(2) };
  }
}

/** The seconds that PostgreSQL needs to put the same rows into the same tables, emptied, 200 at a time, like the statements. */
async function bareInserts(dataSource, connectionString) {
  const rows = {
    event: "type = 'allotree.usage-period-closed.v1'",
    billing_period: 'true',
    document: 'true',
  };
  let milliseconds = 0;
  for (const [table, which] of Object.entries(rows)) {
    await dataSource.query(
      `CREATE TABLE copied AS SELECT row_number() OVER () AS place, given.* FROM reporting.${table} given WHERE ${which}`,
    );
    await dataSource.query('CREATE INDEX ON copied (place)');
    await dataSource.query(`CREATE TABLE empty (LIKE reporting.${table} INCLUDING ALL EXCLUDING IDENTITY)`);
    const columns = await dataSource.query(
      `SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) AS names
       FROM information_schema.columns WHERE table_schema = 'reporting' AND table_name = $1 AND is_generated = 'NEVER'`,
      [table],
    );
    const [{ count }] = await dataSource.query('SELECT count(*)::integer AS count FROM copied');
    await settle(connectionString);
    const { names } = columns[0];
    const start = performance.now();
    for (let from = 0; from < count; from += 200)
      await dataSource.query(
        `INSERT INTO empty (${names}) SELECT ${names} FROM copied WHERE place > $1 AND place <= $1 + 200`,
        [from],
      );
    milliseconds += performance.now() - start;
    await dataSource.query('DROP TABLE copied, empty');
  }
  return milliseconds / 1_000;
}
