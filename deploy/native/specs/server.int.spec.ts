import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import pg from 'pg';
import { down, environmentOf, known, missingOf, up } from '../backends.mjs';
import { birthOf } from '../process-identity.mjs';
import { POSTGRES, startPostgres } from '../postgres.mjs';
import { REDIS, startRedis } from '../redis.mjs';
import { holdFolder, MissingProgram, serverOn } from '../server.mjs';

const missing = missingOf(REDIS);
if (missing && process.env['CI'] === 'true') throw missing;
const describeWithRedis = missing ? describe.skip : describe;

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'allotree-server-'));
});
afterEach(async () => {
  await down(['redis', 'postgres'], { dataDir });
  await rm(dataDir, { recursive: true, force: true });
});

describeWithRedis(`a server of a recipe${missing ? ` (skipped: ${missing.message})` : ''}`, () => {
  const asked = async <Answer>(url: string, ask: (client: Redis) => Promise<Answer>): Promise<Answer> => {
    const client = new Redis(url, { lazyConnect: true, enableReadyCheck: false, retryStrategy: () => null });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return await ask(client);
    } finally {
      client.disconnect();
    }
  };

  it('keeps data, port and password across restarts', async () => {
    const redis = await startRedis({ dataDir });
    const { address } = redis;
    await asked(address, (client) => client.set('kept', '42'));
    await redis.stop();
    expect(redis.pid).toBe(null);
    await expect(asked(address, (client) => client.ping())).rejects.toThrow();
    await redis.start();
    expect(redis.address).toBe(address);
    expect(await asked(address, (client) => client.get('kept'))).toBe('42');
    await redis.remove();
    expect((await stat(dataDir)).isDirectory()).toBe(true);
  });

  it('rejects clients without the password', async () => {
    const redis = await startRedis({ dataDir });
    const anonymous = redis.address.replace(/:[^:@]+@/, '');
    await expect(asked(anonymous, (client) => client.get('x'))).rejects.toThrow('NOAUTH');
    await redis.stop();
    expect((await stat(join(dataDir, 'redis.conf'))).mode & 0o777).toBe(0o600);
  });

  it('answers nothing while paused, and everything afterwards', async () => {
    const redis = await startRedis({ dataDir });
    await asked(redis.address, async (client) => {
      redis.pause();
      let isAnswered = false;
      const answer = client.ping().then((text) => {
        isAnswered = true;
        return text;
      });
      await delay(100);
      expect(isAnswered).toBe(false);
      redis.resume();
      expect(await answer).toBe('PONG');
    });
    await redis.stop();
  });

  it('deletes its temporary folder', async () => {
    const redis = await startRedis();
    expect((await stat(redis.folder)).isDirectory()).toBe(true);
    await redis.remove();
    await expect(stat(redis.folder)).rejects.toThrow('ENOENT');
  });

  it('runs once per folder under concurrent starts', async () => {
    const servers = await Promise.all([1, 2, 3].map(() => startRedis({ dataDir })));
    expect(new Set(servers.map(({ pid }) => pid)).size).toBe(1);
    await servers[0]?.stop();
    expect(servers.map(({ pid }) => pid)).toEqual([null, null, null]);
  });

  it('stops the process that ran at the time, not one that was started meanwhile', async () => {
    const redis = await startRedis({ dataDir });
    const { pid } = redis;
    const stopping = redis.stop();
    while (birthOf(pid) !== null) await delay(1);
    await redis.start();
    await stopping;
    expect([null, pid]).not.toContain(redis.pid);
    await redis.stop();
  });

  it('never touches a process that reuses a process id', async () => {
    const redis = await startRedis({ dataDir });
    await redis.stop();
    const stranger = spawn('sleep', ['60']);
    const file = join(dataDir, 'server.json');
    const state = JSON.parse(await readFile(file, 'utf8')) as object;
    await writeFile(file, JSON.stringify({ ...state, pid: stranger.pid }));
    const found = serverOn(REDIS, dataDir);
    expect(found?.pid).toBe(null);
    await found?.kill();
    await found?.stop();
    expect(birthOf(stranger.pid)).not.toBe(null);
    stranger.kill();
  });

  it('ends with the process that started it, however it ends', async () => {
    const code = `import { startRedis } from ${JSON.stringify(join(import.meta.dirname, '../redis.mjs'))};
      await startRedis({ dataDir: ${JSON.stringify(dataDir)} });
      process.kill(process.pid, 'SIGKILL');`;
    const starter = spawn(process.execPath, ['--input-type=module', '--eval', code], {
      env: { PATH: process.env['PATH'] },
    });
    await new Promise((ended) => starter.once('close', ended));
    while (serverOn(REDIS, dataDir)?.pid !== null) await delay(20);
    expect(serverOn(REDIS, dataDir)?.pid).toBe(null);
  });

  it('includes its log in the error if it does not start', async () => {
    const recipe = {
      ...REDIS,
      launch: () => ({ program: process.execPath, args: ['--eval', 'throw Error("no room")'] }),
    };
    await expect((await import('../server.mjs')).startServer(recipe, { dataDir })).rejects.toThrow(
      /redis did not start in .*\n[^]*no room/,
    );
  });

  it('outlives its starter if detached, and can be found and stopped by others', async () => {
    const servers = await up(['redis', 'postgres'], { dataDir });
    const again = await up(['redis', 'postgres'], { dataDir });
    expect(again.map(({ pid }) => pid)).toEqual(servers.map(({ pid }) => pid));
    expect(environmentOf(known(['redis', 'postgres', 'kafka'], dataDir))).toEqual({
      REDIS_URL: servers[0]?.address,
      DATABASE_URL: servers[1]?.address,
    });
    expect(environmentOf(servers, { forTests: true })).toMatchObject({ ALLOTREE_TEST_REDIS_URL: servers[0]?.address });
    expect((await down(['redis', 'postgres', 'kafka'], { dataDir })).sort()).toEqual(['postgres', 'redis']);
    expect(await down(['redis'], { dataDir })).toEqual([]);
    expect(environmentOf(known(['redis', 'postgres'], dataDir))).toEqual({});
  });
});

describe('the PostgreSQL of a recipe', () => {
  it('loses no committed data when killed with all its processes', async () => {
    const postgres = await startPostgres({ dataDir });
    const query = async (sql: string) => {
      const client = new pg.Client({ connectionString: postgres.address });
      client.on('error', () => undefined);
      await client.connect();
      try {
        return (await client.query(sql)).rows;
      } finally {
        await client.end();
      }
    };
    await query('CREATE TABLE kept AS SELECT 42 AS n');
    await postgres.kill();
    await expect(query('SELECT 1')).rejects.toThrow('ECONNREFUSED');
    await postgres.start();
    expect(await query('SELECT n FROM kept')).toEqual([{ n: 42 }]);
    await postgres.stop();
    expect(serverOn(POSTGRES, dataDir)?.pid).toBe(null);
  });
});

describe('preconditions', () => {
  it('name a missing program and how to install it', () => {
    const recipe = {
      requirePrograms: () => {
        throw new MissingProgram('x-server', 'Or name an X of yours with X_URL.', ['x-server', 'x-tools']);
      },
    };
    expect(missingOf(recipe)?.message).toBe(
      'x-server is missing. Or name an X of yours with X_URL. On Debian: apt-get install x-server x-tools',
    );
  });

  it('lock a folder for one process until it is released', async () => {
    const letGo = await holdFolder(dataDir, 'It');
    await expect(holdFolder(dataDir, 'It')).rejects.toThrow(
      `It is already running on ${dataDir} (process ${process.pid})`,
    );
    await letGo();
    await (
      await holdFolder(dataDir, 'It')
    )();
  });
});
