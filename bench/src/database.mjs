import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** Creates a database for one figure, dropped afterwards. */
export async function withDatabase(server, name, use) {
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await admin.query(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  try {
    return await use(url.href);
  } finally {
    await drop(admin, name);
    await admin.end();
  }
}

/** Waits for closing connections: a client that is cut off throws. */
async function drop(admin, name) {
  for (let tries = 0; tries < 40; tries++) {
    const { rows } = await admin.query('SELECT 1 FROM pg_stat_activity WHERE datname = $1', [name]);
    if (rows.length === 0) break;
    await sleep(50);
  }
  await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

/** Checkpoints, so that a measurement starts with nothing left to flush. */
export async function settle(connectionString) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await client.query('CHECKPOINT');
  await client.end();
}

/** Environment of the figures: server version, durable commits, and the cost of a commit. */
export async function describeServer(connectionString) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  const setting = async (name) => (await client.query(`SHOW ${name}`)).rows[0][name];
  const description = {
    version: await setting('server_version'),
    fsync: await setting('fsync'),
    synchronousCommit: await setting('synchronous_commit'),
    fullPageWrites: await setting('full_page_writes'),
    sharedBuffers: await setting('shared_buffers'),
    commitMs: await costOfCommit(client),
  };
  await client.end();
  if (description.fsync !== 'on' || description.synchronousCommit !== 'on')
    throw new Error(
      `commits are not durable here: fsync ${description.fsync}, synchronous_commit ${description.synchronousCommit}`,
    );
  return description;
}

async function costOfCommit(client) {
  await client.query('CREATE TABLE IF NOT EXISTS commit_cost (n integer)');
  const start = performance.now();
  for (let n = 0; n < 200; n++) await client.query('INSERT INTO commit_cost VALUES ($1)', [n]);
  const each = (performance.now() - start) / 200;
  await client.query('DROP TABLE commit_cost');
  return Number(each.toFixed(2));
}

/** Waits until all checkpoints are at rest, so that subscriptions of one side do not disturb the next. */
export async function untilFollowed(connectionString) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  const positions = async () => {
    const { rows } = await client.query('SELECT sum(position)::text AS all FROM licensing.checkpoint');
    return rows[0].all;
  };
  let before = await positions();
  for (let unchanged = 0; unchanged < 5;) {
    await sleep(200);
    const now = await positions();
    unchanged = now === before ? unchanged + 1 : 0;
    before = now;
  }
  await client.end();
}
