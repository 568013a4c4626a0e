import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createTestDatabase, jobsContract } from '@allotree/testing';
import { Redis } from 'ioredis';
import pg from 'pg';
import { BullMqJobQueues } from './bullmq-job-queues.js';

/** Takes a job in a process of its own, which is killed with it. */
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

const logger = { warn: () => undefined };

jobsContract('BullMQ in PostgreSQL', async () => {
  const database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.connectionString, max: 1 });
  return {
    open: () => new BullMqJobQueues({ databaseUrl: database.connectionString, logger }),
    wipe: async () => {
      const { rows } = await pool.query<{ name: string }>(
        `SELECT quote_ident(table_name) AS name FROM information_schema.tables
         WHERE table_schema = 'jobs' AND table_type = 'BASE TABLE' AND table_name <> 'migration'`,
      );
      await pool.query(`TRUNCATE ${rows.map(({ name }) => `jobs.${name}`).join(', ')}`);
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

const redisUrl = process.env['ALLOTREE_TEST_REDIS_URL'];
if (redisUrl !== undefined && redisUrl !== '') {
  jobsContract('BullMQ in Redis', async () => {
    const redis = new Redis(redisUrl);
    await redis.flushdb();
    return {
      open: () => new BullMqJobQueues({ databaseUrl: '', redisUrl, logger }),
      wipe: async () => void (await redis.flushdb()),
      takeAndDie: (queue, lockMs) =>
        takeAndDie(
          `new Worker('${queue}', work, ${JSON.stringify({ connection: { url: redisUrl }, ...locking(lockMs) })});`,
        ),
      cleanUp: async () => void (await redis.quit()),
    };
  });
}
