import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createTestDatabase, startDatabaseProxy, type TestDatabase } from '@allotree/testing';
import { workbench, type RunningSystem } from '@allotree/testing/running-system';
import { until } from '@allotree/testing/until';
import pg from 'pg';

const run = promisify(execFile);
const MINUTES = 60_000;

let bench: Awaited<ReturnType<typeof workbench>>;
beforeEach(async () => {
  bench = await workbench();
});
afterEach(() => bench.clear(), 2 * MINUTES);

const ask = (url: string): Promise<Response> =>
  fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(5_000) });
const isReady = ({ url }: RunningSystem): Promise<boolean> =>
  ask(`${url}/health/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
/** Whether it takes no further connection. */
const isRefused = ({ url }: RunningSystem): Promise<boolean> =>
  ask(`${url}/health/live`).then(
    () => false,
    () => true,
  );

/** Of a starved system, and of one that could not record yet how a request of this key ended. */
const UNTIL_IT_RECOVERS = ['UNAVAILABLE', 'IDEMPOTENCY_KEY_IN_USE'];

/** Sooner than callers are asked to, so that several try while the system is starved. */
const REPEAT_AFTER_MS = 50;

/** Callers that create partners until they are stopped; every answer is an acknowledgment or asks to try again. */
class Callers {
  readonly acknowledged: string[] = [];
  refused = 0;
  private isOver = false;
  private readonly callers: Promise<void>[];

  constructor(private readonly system: RunningSystem) {
    this.callers = Array.from({ length: 4 }, (_, number) => this.call(number));
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.callers);
  }

  private async call(caller: number): Promise<void> {
    for (let number = 0; !this.isOver; number += 1) {
      const name = `Partner ${caller}-${number}`;
      const body = { name, kind: 'distributor', administrator: { name: 'Ada', email: 'ada@nordlicht.example' } };
      const answer = await this.system.api.ask({ method: 'POST', path: '/partners', body }).catch(() => null);
      if (answer?.ok) this.acknowledged.push(name);
      else this.refused += 1;
      if (answer?.ok === false) expect(UNTIL_IT_RECOVERS).toContain(answer.problem.code);
      if (!answer?.ok) await sleep(REPEAT_AFTER_MS);
    }
  }
}

/** Everything acknowledged is there once. */
async function expectAll(system: RunningSystem, { acknowledged }: Callers): Promise<void> {
  const names = (await system.api.list<{ name: string }>('/partners')).map(({ name }) => name);
  expect(acknowledged.filter((name) => names.filter((other) => other === name).length !== 1)).toEqual([]);
}

/** Works as before, and everything acknowledged is there once. */
async function recovers(system: RunningSystem, callers: Callers): Promise<void> {
  await until(() => isReady(system));
  const before = callers.acknowledged.length;
  await until(() => callers.acknowledged.length > before + 20);
  await callers.stop();
  await expectAll(system, callers);
  expect((await system.terminate()).code).toBe(0);
}

/** A database whose owner can be denied connections. */
class LimitedDatabase {
  private readonly role = `limited_${randomBytes(6).toString('hex')}`;

  private constructor(
    private readonly database: TestDatabase,
    private readonly admin: pg.Client,
  ) {}

  static async create(): Promise<LimitedDatabase> {
    const database = await createTestDatabase();
    const admin = new pg.Client({ connectionString: database.connectionString });
    await admin.connect();
    const limited = new LimitedDatabase(database, admin);
    await limited.prepare();
    return limited;
  }

  get url(): string {
    return Object.assign(new URL(this.database.connectionString), {
      username: this.role,
      password: 'secret',
    }).toString();
  }

  /** Ends the connections of the owner; each further one is refused with the code of a server that has none left. */
  async denyConnections(): Promise<void> {
    await this.admin.query(`ALTER ROLE ${this.role} CONNECTION LIMIT 0`);
    await this.admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [this.role]);
  }

  async allowConnections(): Promise<void> {
    await this.admin.query(`ALTER ROLE ${this.role} CONNECTION LIMIT -1`);
  }

  async drop(): Promise<void> {
    await this.admin.query(`DROP OWNED BY ${this.role} CASCADE; DROP ROLE ${this.role}`);
    await this.admin.end();
    await this.database.drop();
  }

  private async prepare(): Promise<void> {
    await this.admin.query(`CREATE ROLE ${this.role} LOGIN PASSWORD 'secret' CREATEROLE`);
    const { rows } = await this.admin.query<{ name: string }>('SELECT current_database() AS name');
    await this.admin.query(`GRANT ALL ON DATABASE "${rows[0]!.name}" TO ${this.role}`);
    const { rowCount } = await this.admin.query("SELECT FROM pg_roles WHERE rolname = 'allotree_caller'");
    if (rowCount === 1) await this.admin.query(`GRANT allotree_caller TO ${this.role}`);
  }
}

it(
  'refuses while its database has no connection left, and recovers when there are some again',
  async () => {
    const database = await LimitedDatabase.create();
    const system = await bench.start({ DATABASE_URL: database.url });
    const callers = new Callers(system);
    await until(() => callers.acknowledged.length > 20);
    await database.denyConnections();
    await until(async () => !(await isReady(system)));
    const before = callers.refused;
    await until(() => callers.refused > before);
    await database.allowConnections();
    await recovers(system, callers);
    await database.drop();
  },
  5 * MINUTES,
);

it(
  'goes on while each answer of its database takes a third of a second more, and recovers when the database is fast again',
  async () => {
    const database = await createTestDatabase();
    const proxy = await startDatabaseProxy(database.connectionString);
    const system = await bench.start({ DATABASE_URL: proxy.connectionString });
    const callers = new Callers(system);
    await until(() => callers.acknowledged.length > 20);
    proxy.delay(333);
    const before = callers.acknowledged.length;
    await until(() => callers.acknowledged.length > before + 8);
    expect(await isReady(system)).toBe(true);
    proxy.delay(0);
    await recovers(system, callers);
    await proxy.close();
    await database.drop();
  },
  5 * MINUTES,
);

const setFiles = (pid: number, limit: number) => run('prlimit', ['--pid', String(pid), `--nofile=${limit}:`]);
const openFiles = async (pid: number): Promise<number> =>
  (await run('ls', [`/proc/${pid}/fd`])).stdout.trim().split('\n').length;

const itOnLinux = process.platform === 'linux' ? it : it.skip;

itOnLinux(
  'survives that it can open no further file or connection, and recovers when it can',
  async () => {
    const system = await bench.start();
    const callers = new Callers(system);
    await until(() => callers.acknowledged.length > 20);
    const pid = system.child.pid!;
    await setFiles(pid, await openFiles(pid));
    // Each connection needs a file, so these take what is left.
    const { hostname, port } = new URL(system.url);
    const silent = Array.from({ length: 100 }, () => connect(Number(port), hostname).on('error', () => undefined));
    await until(() => isRefused(system));
    expect(system.child.exitCode).toBeNull();
    for (const socket of silent) socket.destroy();
    await setFiles(pid, 4_096);
    await recovers(system, callers);
  },
  5 * MINUTES,
);

/** Lets a process have no more memory than it has. */
const setMemory = async (pid: number): Promise<void> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kilobytes = Number(/^VmData:\s+(\d+) kB/m.exec(status)![1]);
  await run('prlimit', ['--pid', String(pid), `--data=${kilobytes * 1_024}:`]);
};

/** Sends bodies that take a multiple of their size while they are read, until the process ends. */
async function fillMemory({ api, child }: RunningSystem): Promise<void> {
  const body = { document: 'x'.repeat(16_000_000), prune: false };
  const fill = async (): Promise<void> => {
    while (child.exitCode === null && child.signalCode === null)
      await api.ask({ method: 'POST', path: '/projects/none/plans', body }).catch(() => null);
  };
  await Promise.all(Array.from({ length: 4 }, fill));
}

itOnLinux(
  'ends when the kernel gives it no more memory, and has everything that it acknowledged when it is started again',
  async () => {
    const database = await createTestDatabase();
    const settings = { DATABASE_URL: database.connectionString };
    const system = await bench.start(settings);
    const callers = new Callers(system);
    await until(() => callers.acknowledged.length > 20);
    await setMemory(system.child.pid!);
    await Promise.all([system.ended, fillMemory(system)]);
    await callers.stop();
    const again = await bench.start(settings);
    await expectAll(again, callers);
    const others = new Callers(again);
    await until(() => others.acknowledged.length > 0);
    await others.stop();
    expect((await again.terminate()).code).toBe(0);
    await database.drop();
  },
  5 * MINUTES,
);
