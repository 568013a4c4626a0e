import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { settle, withDatabase } from '../database.mjs';
import { startExpiry } from '../expiry.mjs';
import { row } from '../table.mjs';

const CLOSED = "SELECT count(*)::integer AS count FROM events.event WHERE type = 'UsagePeriodClosed'";
const PUBLISHED =
  "SELECT count(*)::integer AS count FROM bus.message WHERE payload->>'type' = 'allotree.usage-period-closed.v1'";

/** Time from the midnight at which the billing periods of all projects end until each is closed, by a process that has just started. */
export const run = ({ server, quick, progress }) =>
  withDatabase(server, 'bench_billing', async (connectionString) => {
    const projects = quick ? 100 : 10_000;
    const settings = { databaseUrl: connectionString };
    const preparing = await startExpiry(settings);
    await preparing.ask('prepare', { prefix: '', projects, groups: 1, end: null, billed: true });
    await preparing.stop();
    progress(`${projects} projects with a number in use`);
    const database = new pg.Client({ connectionString });
    await database.connect();
    const rows = await database.query("SELECT max(at) AS at FROM licensing.due WHERE kind = 'period_end'");
    const countOf = async (sql) => (await database.query(sql)).rows[0].count;
    const service = await startExpiry(settings);
    await settle(connectionString);
    await service.ask('moveTo', { instant: rows.rows[0].at.getTime(), alone: true });
    const start = performance.now();
    const since = () => (performance.now() - start) / 1_000;
    const { settled } = await service.ask('tick');
    const took = since();
    const closed = await countOf(CLOSED);
    if (settled !== projects || closed !== projects) throw new Error(`${closed} of ${projects} periods are closed`);
    while ((await countOf(PUBLISHED)) < projects) await sleep(20);
    const published = since();
    progress(`${projects} periods closed in ${took.toFixed(1)} s, published after ${published.toFixed(1)} s`);
    await database.end();
    await service.stop();
    return [
      row({
        figure: `billing periods of ${projects.toLocaleString('en-US')} projects end at one midnight, until all are closed`,
        value: took,
        unit: 's',
        target: { atMost: 60 },
        note: `all of them published after ${published.toFixed(1)} s; no project was in memory before`,
      }),
    ];
  });
