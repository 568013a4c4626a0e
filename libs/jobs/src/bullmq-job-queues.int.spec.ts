import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, describeOn, jobsContract, startOwnRedis, type OwnServer } from '@allotree/testing';
import { Redis } from 'ioredis';
import pg from 'pg';
import { BullMqJobQueues } from './bullmq-job-queues.js';
import { until } from '@allotree/testing/until';

/** Takes a job in a process of its own and kills the process. */
async function takeAndDie(worker: string): Promise<void> {
  const script = `
    const { Worker, createPostgresBackend } = require('bullmq');
    const work = () => { process.stdout.write('working'); return new Promise(() => undefined); };
    ${worker}`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

const locking = (lockMs: number) => ({ lockDuration: lockMs, stalledInterval: lockMs });

/** False where the server resolved a deadlock; any other error is rethrown. */
const isDeadlock = (error: Error & { code?: string }): false => {
  if (error.code !== '40P01') throw error;
  return false;
};

const logger = { warn: () => undefined };

jobsContract('BullMQ in PostgreSQL', async () => {
  const database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.connectionString, max: 1 });
  return {
    open: (isClockAccurate) =>
      new BullMqJobQueues({
        databaseUrl: database.connectionString,
        logger,
        ...(isClockAccurate && { isClockAccurate }),
      }),
    wipe: async () => {
      const { rows } = await pool.query<{ name: string }>(
        `SELECT quote_ident(table_name) AS name FROM information_schema.tables
         WHERE table_schema = 'jobs' AND table_type = 'BASE TABLE' AND table_name <> 'migration'`,
      );
      const truncate = `TRUNCATE ${rows.map(({ name }) => `jobs.${name}`).join(', ')}`;
      // A running tick takes its locks in another order.
      while (!(await pool.query(truncate).then(() => true, isDeadlock)));
    },
    takeAndDie: (queue, lockMs) => {
      const connection = { connectionString: database.connectionString, schema: 'jobs' };
      return takeAndDie(
        `new Worker('${queue}', work, ${JSON.stringify({ connection, ...locking(lockMs) })}, createPostgresBackend);`,
      );
    },
    cleanUp: async () => {
      await pool.end();
      await database.drop();
    },
  };
});

it('BullMQ in PostgreSQL migrates once for all queues, shares their connections, and resumes when these were lost', async () => {
  const database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.connectionString, max: 1 });
  const queues = new BullMqJobQueues({ databaseUrl: database.connectionString, logger });
  const names = Array.from({ length: 12 }, (_, index) => `queue-${index}`);
  const seen: string[] = [];
  for (const name of names) queues.work<string>(name, async ({ data }) => void seen.push(data), { concurrency: 20 });
  const addAll = (id: string) => Promise.all(names.map((name) => queues.queue<string>(name).add([{ id, data: id }])));
  await addAll('before');
  await until(() => seen.length === names.length);
  const ofQueues = `FROM pg_stat_activity WHERE application_name = 'allotree jobs' AND datname = current_database()`;
  const { rows } = await pool.query<{ count: string }>(`SELECT count(*) ${ofQueues}`);
  expect(Number(rows[0]?.count)).toBeLessThanOrEqual(7);

  await pool.query(`SELECT pg_terminate_backend(pid) ${ofQueues}`);
  await until(() =>
    addAll('after').then(
      () => true,
      () => false,
    ),
  );
  await until(() => seen.length === 2 * names.length);
  expect(seen.filter((id) => id === 'after')).toHaveLength(names.length);
  await queues.close();
  await pool.end();
  await database.drop();
});

describeOn('ALLOTREE_TEST_REDIS_URL', (redisUrl) => {
  jobsContract('BullMQ in Redis', async () => {
    const redis = new Redis(redisUrl);
    await redis.flushdb();
    return {
      open: (isClockAccurate) =>
        new BullMqJobQueues({ databaseUrl: '', redisUrl, logger, ...(isClockAccurate && { isClockAccurate }) }),
      wipe: async () => void (await redis.flushdb()),
      takeAndDie: (queue, lockMs) =>
        takeAndDie(
          `new Worker('${queue}', work, ${JSON.stringify({ connection: { url: redisUrl }, ...locking(lockMs) })});`,
        ),
      cleanUp: async () => void (await redis.quit()),
    };
  });

  describe('BullMQ in a Redis that becomes unavailable', () => {
    let server: OwnServer;
    beforeAll(async () => {
      server = await startOwnRedis();
    });
    afterAll(() => server.remove());

    it('reports it to callers that add jobs, loses nothing, and resumes once it is back', async () => {
      const queues = new BullMqJobQueues({ databaseUrl: '', redisUrl: server.address, logger });
      const queue = queues.queue<number>('away', { firstPauseMs: 5 });
      const seen: number[] = [];
      let ticks = 0;
      queues.work<number>('away', async ({ data }) => void seen.push(data));
      await queues.every('ticking', 50, async () => void (ticks += 1));
      await queue.add([{ id: 'before', data: 1 }]);
      await until(() => seen.length === 1 && ticks > 0);
      await queues.check();

      await server.stop();
      await expect(queues.check()).rejects.toThrow();
      await expect(queue.add([{ id: 'during', data: 2 }])).rejects.toThrow();

      await server.start();
      const ticked = ticks;
      await until(() =>
        queue.add([{ id: 'during', data: 2 }]).then(
          () => true,
          () => false,
        ),
      );
      await until(() => seen.length === 2 && ticks > ticked);
      expect(seen).toEqual([1, 2]);
      expect(await queue.states(['before', 'during'])).toEqual(['completed', 'completed']);
      await queues.close();
    });

    it('starts and stops while it is unavailable', async () => {
      await server.stop();
      const queues = new BullMqJobQueues({ databaseUrl: '', redisUrl: server.address, logger });
      let ticks = 0;
      await queues.every('later', 50, async () => void (ticks += 1));
      await server.start();
      await until(() => ticks > 0);
      await server.stop();
      await queues.close();
      await server.start();
    });
  });

  describe('BullMQ in a Redis with another topology', () => {
    const children: ChildProcess[] = [];
    const folders: string[] = [];
    const port = 20_000 + Math.floor(Math.random() * 20_000);

    const launch = async (onPort: number, configuration: readonly string[], args: readonly string[] = []) => {
      const folder = await mkdtemp(join(tmpdir(), 'allotree-redis-'));
      folders.push(folder);
      const file = join(folder, 'redis.conf');
      await writeFile(file, [`port ${onPort}`, 'bind 127.0.0.1', `dir ${folder}`, ...configuration, ''].join('\n'));
      const child = spawn('redis-server', [file, ...args], { stdio: 'ignore' });
      children.push(child);
      const password = args.includes('--sentinel') ? {} : passwordIn(configuration);
      const client = new Redis(onPort, '127.0.0.1', { maxRetriesPerRequest: null, ...password });
      client.on('error', () => undefined);
      await client.ping();
      return client;
    };
    afterAll(async () => {
      await Promise.all(
        children.map(async (child) => {
          child.kill('SIGKILL');
          await once(child, 'exit');
        }),
      );
      await Promise.all(folders.map((folder) => rm(folder, { recursive: true })));
    });

    const works = async (redisUrl: string): Promise<void> => {
      const queues = new BullMqJobQueues({ databaseUrl: '', redisUrl, logger });
      const seen: number[] = [];
      await queues.queue<number>('found').add([{ id: 'a', data: 1 }]);
      queues.work<number>('found', async ({ data }) => void seen.push(data));
      await until(() => seen.length === 1);
      await queues.check();
      await queues.close();
    };

    it('works in a cluster, in one slot', async () => {
      const client = await launch(port, [
        'cluster-enabled yes',
        `cluster-port ${port + 1}`,
        'cluster-announce-ip 127.0.0.1',
      ]);
      await client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
      await until(async () => String(await client.call('CLUSTER', 'INFO')).includes('cluster_state:ok'));
      await works(`redis+cluster://127.0.0.1:${port}`);
      const keys = await client.keys('*');
      expect(keys.length).toBeGreaterThan(0);
      expect(keys.filter((key) => !key.startsWith('{allotree}:'))).toEqual([]);
      client.disconnect();
    });

    it('works with the master that the sentinels name', async () => {
      const [master, sentinel] = [port + 2, port + 3];
      const client = await launch(master, ['requirepass secret']);
      client.disconnect();
      const watcher = await launch(
        sentinel,
        [`sentinel monitor main 127.0.0.1 ${master} 1`, 'sentinel auth-pass main secret'],
        ['--sentinel'],
      );
      watcher.disconnect();
      await works(`redis+sentinel://:secret@127.0.0.1:${sentinel},127.0.0.1:1/main/0`);
    });
  });
});

const passwordIn = (configuration: readonly string[]): { password?: string } => {
  const line = configuration.find((text) => text.startsWith('requirepass '));
  return line === undefined ? {} : { password: line.split(' ')[1]! };
};
