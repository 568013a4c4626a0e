import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { StartError } from '@allotree/basics/start-error';
import { EmbeddedPostgresInUse, startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.js';

jest.setTimeout(60_000);

describe('startEmbeddedPostgres', () => {
  let dataDir: string;
  let running: EmbeddedPostgres[] = [];

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'allotree-embedded-'));
  });
  afterEach(async () => {
    await Promise.all(running.map((server) => server.stop()));
    running = [];
    await rm(dataDir, { recursive: true, force: true });
  });

  const start = async (log: string[] = []): Promise<EmbeddedPostgres> => {
    const server = await startEmbeddedPostgres({ dataDir, log: (line) => log.push(line) });
    running.push(server);
    return server;
  };

  it('keeps data between starts, durably, for this machine only, under a password of its own', async () => {
    const first = await start();
    await query(first, 'CREATE TABLE kept (n integer)');
    await query(first, 'INSERT INTO kept VALUES (42)');
    expect(
      await query(
        first,
        "SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit, current_setting('listen_addresses') AS addresses",
      ),
    ).toEqual([{ fsync: 'on', commit: 'on', addresses: '127.0.0.1' }]);
    const password = new URL(first.connectionString).password;
    const file = join(dataDir, 'data', 'allotree.password');
    expect([(await readFile(file, 'utf8')).trim(), (await stat(file)).mode & 0o777]).toEqual([password, 0o600]);
    const guessed = new URL(first.connectionString);
    guessed.password = 'postgres';
    await expect(query({ connectionString: guessed.href }, 'SELECT 1')).rejects.toThrow(
      'password authentication failed',
    );
    await first.stop();
    await expect(query(first, 'SELECT 1')).rejects.toThrow();
    const second = await start();
    expect(await query(second, 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
  });

  it('hashes its random password once, and passwords that people choose as often as usual', async () => {
    const server = await start();
    await query(server, "CREATE ROLE chosen LOGIN PASSWORD 'easily guessed'");
    const iterations =
      "SELECT rolname, split_part(split_part(rolpassword, '$', 2), ':', 1) AS iterations FROM pg_authid";
    expect(await query(server, `${iterations} WHERE rolpassword IS NOT NULL ORDER BY rolname`)).toEqual([
      { rolname: 'allotree', iterations: '1' },
      { rolname: 'chosen', iterations: '4096' },
    ]);
  });

  it('refuses a second start on the same folder without affecting the first', async () => {
    const first = await start();
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toBeInstanceOf(EmbeddedPostgresInUse);
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(`process ${process.pid}`);
    expect(await query(first, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('lets one of two concurrent starts on an empty folder win', async () => {
    const results = await Promise.allSettled([start(), start()]);
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = results.find((result) => result.status === 'rejected');
    expect(refused?.reason).toBeInstanceOf(EmbeddedPostgresInUse);
    expect((await readdir(dataDir)).filter((name) => name.startsWith('data.new'))).toEqual([]);
  });

  it('takes over from a server whose owner was killed; committed data is kept', async () => {
    const first = await start();
    await query(first, 'CREATE TABLE kept (n integer)');
    // The state after kill -9: the server runs, and no session holds the owner's lock.
    await query(
      { connectionString: first.connectionString.replace(/allotree$/, 'postgres') },
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'allotree owner %' AND pid <> pg_backend_pid()",
    );
    const log: string[] = [];
    const second = await start(log);
    expect(log).toContain('stopping the database server that an earlier run left behind');
    expect(await query(second, 'SELECT count(*)::int AS rows FROM kept')).toEqual([{ rows: 0 }]);
  });

  it('recovers after the server itself was killed', async () => {
    const first = await start();
    await query(first, 'CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n');
    const pid = Number((await readFile(join(dataDir, 'data', 'postmaster.pid'), 'utf8')).split('\n')[0]);
    process.kill(pid, 'SIGKILL');
    const second = await start();
    expect(await query(second, 'SELECT count(*)::int AS rows FROM kept')).toEqual([{ rows: 1000 }]);
  });

  it('does not take another process for its server when the process id was reused', async () => {
    const first = await start();
    const file = join(dataDir, 'data', 'postmaster.pid');
    const left = await readFile(file, 'utf8');
    await first.stop();
    const other = spawn('sleep', ['60']);
    await writeFile(file, [String(other.pid), ...left.split('\n').slice(1)].join('\n'), { mode: 0o600 });
    const second = await start();
    expect(await query(second, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect([other.exitCode, other.signalCode]).toEqual([null, null]);
    other.kill();
  });

  it('removes the remains of a first start that was interrupted', async () => {
    const half = join(dataDir, 'data.new.999999999.abc');
    await mkdir(half);
    await writeFile(join(half, 'PG_VERSION'), '18\n');
    await start();
    expect((await readdir(dataDir)).sort()).toEqual(['data', 'postgres.log']);
  });

  it('describes the problem with a folder that holds something else, and leaves it alone', async () => {
    await mkdir(join(dataDir, 'data'));
    await writeFile(join(dataDir, 'data', 'holiday.jpg'), 'x');
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow('is not empty, and holds no PostgreSQL data');
    expect(await readdir(join(dataDir, 'data'))).toEqual(['holiday.jpg']);
  });

  it.each([
    [
      'its password is missing',
      'allotree.password',
      null,
      /password .* cannot be read .*\(ENOENT\)\. Restore that file/,
    ],
    ['its version is empty', 'PG_VERSION', '', /PG_VERSION is empty/],
    ['its control file is cut off', 'global/pg_control', 'x', /Its files are damaged.*Restore DATA_DIR from a backup/],
  ])('says in one sentence what to do when %s', async (_what, file, content, sentence) => {
    await (await start()).stop();
    const path = join(dataDir, 'data', file);
    await (content === null ? rm(path) : writeFile(path, content));
    await expectSentence(startEmbeddedPostgres({ dataDir }), sentence);
  });

  it('says in one sentence what to do when the write-ahead log is lost', async () => {
    const first = await start();
    await query(first, 'CREATE TABLE kept (n integer)');
    process.kill(Number((await readFile(join(dataDir, 'data', 'postmaster.pid'), 'utf8')).split('\n')[0]), 'SIGKILL');
    await first.stop();
    const wal = join(dataDir, 'data', 'pg_wal');
    for (const name of await readdir(wal)) if (/^[0-9A-F]{24}$/.test(name)) await rm(join(wal, name));
    await expectSentence(startEmbeddedPostgres({ dataDir }), /write-ahead log is damaged\. Restore DATA_DIR/);
  });

  (process.getuid?.() === 0 && process.platform === 'linux' ? it : it.skip)(
    'runs below a folder that only root can enter, when root starts it',
    async () => {
      await chmod(dataDir, 0o700);
      const first = await start();
      await query(first, 'CREATE TABLE kept AS SELECT 42 AS n');
      await expect(startEmbeddedPostgres({ dataDir })).rejects.toBeInstanceOf(EmbeddedPostgresInUse);
      await first.stop();
      expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
      expect(await query(await start(), 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
    },
  );

  it('says so when the data was made by another PostgreSQL', async () => {
    await (await start()).stop();
    await writeFile(join(dataDir, 'data', 'PG_VERSION'), '12\n');
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow('was made by PostgreSQL 12');
  });
});

async function expectSentence(start: Promise<unknown>, sentence: RegExp): Promise<void> {
  const error: unknown = await start.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StartError);
  expect((error as Error).message).toMatch(sentence);
  expect((error as Error).message).not.toContain('\n');
}

async function query(
  { connectionString }: { connectionString: string },
  sql: string,
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}
