import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Leases } from '@allotree/leases';
import { createTestDatabase, newEvent, type TestDatabase } from '@allotree/testing';
import { DataSource } from 'typeorm';
import { PostgresEventStore } from '../postgres/postgres-event-store.js';
import { Subscriptions } from './subscriptions.js';

// Starts, kills and awaits processes, on machines of any speed.
jest.setTimeout(180_000);

const TIMEOUT_MS = 120_000;
const LEASE_MS = 1_000;
const root = resolve(import.meta.dirname, '../../../..');

/** A replica with a counting projection and a reactor whose effects are identified by event ids. */
const REPLICA = `
  import { PostgresEventStore, Subscriptions } from '@allotree/event-sourcing';
  import { Leases } from '@allotree/leases';
  import { DataSource } from 'typeorm';
  import { setTimeout as sleep } from 'node:timers/promises';
  const connectionString = process.env.DATABASE_URL;
  const leases = await Leases.open({ connectionString, leaseMs: ${LEASE_MS}, renewMs: 200 });
  const store = await PostgresEventStore.open({ connectionString });
  const dataSource = await new DataSource({ type: 'postgres', url: connectionString, poolSize: 5 }).initialize();
  const subscriptions = new Subscriptions({ store, dataSource, leases, schema: 'spec' });
  subscriptions.projection({
    name: 'p',
    categories: ['numbered'],
    batchSize: 50,
    async apply(events, tx) {
      await tx.query('INSERT INTO seen (n, position, pid) SELECT n, p, $3 FROM unnest($1::int[], $2::bigint[]) AS t (n, p)',
        [events.map(({ data }) => data.n), events.map(({ position }) => position.toString()), process.pid]);
      console.log('inside');
      await sleep(5);
      await tx.query('UPDATE total SET count = count + $1', [events.length]);
    },
    reset: async (tx) => { await tx.query('DELETE FROM seen'); await tx.query('UPDATE total SET count = 0'); },
  });
  subscriptions.reactor({
    name: 'r',
    categories: ['numbered'],
    batchSize: 50,
    async handle(events) {
      for (const { metadata: { eventId }, data } of events)
        await dataSource.query('INSERT INTO deed VALUES ($1, $2) ON CONFLICT DO NOTHING', [eventId, data.n]);
    },
  });
  await subscriptions.start();
  console.log('started');
  process.on('SIGTERM', async () => { await subscriptions.stop(); await leases.close(); process.exit(0); });
`;

class Replica {
  private constructor(
    readonly child: ChildProcess,
    private readonly said: string[],
  ) {}

  static async start(connectionString: string): Promise<Replica> {
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(process.execPath, ['--input-type=module', '-e', REPLICA], {
      cwd: root,
      env: { PATH, HOME, DATABASE_URL: connectionString },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const said: string[] = [];
    createInterface(child.stdout!).on('line', (line) => said.push(line));
    const replica = new Replica(child, said);
    await replica.says('started');
    return replica;
  }

  /** Waits until the replica prints a word (again). */
  async says(word: string): Promise<void> {
    this.said.length = word === 'inside' ? 0 : this.said.length;
    while (!this.said.includes(word)) {
      if (this.child.exitCode !== null) throw new Error('the replica ended');
      await sleep(1);
    }
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.child.kill(signal);
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill(signal);
    await once(this.child, 'close');
  }
}

let database: TestDatabase;
let store: PostgresEventStore;
let dataSource: DataSource;
let leases: Leases;
/** Subscriptions of this process, which runs none of them. */
let watching: Subscriptions;
let replicas: Replica[];

beforeAll(() => {
  if (!existsSync(resolve(root, 'libs/leases/dist/index.js'))) throw new Error('not built: npm run build');
});
beforeEach(async () => {
  database = await createTestDatabase();
  const { connectionString } = database;
  store = await PostgresEventStore.open({ connectionString });
  dataSource = await new DataSource({ type: 'postgres', url: connectionString, poolSize: 5 }).initialize();
  leases = await Leases.open({ connectionString });
  await dataSource.query('CREATE TABLE seen (n int, position bigint, pid int)');
  await dataSource.query('CREATE TABLE total AS SELECT 0 AS count');
  await dataSource.query('CREATE TABLE deed (id uuid PRIMARY KEY, n int)');
  watching = new Subscriptions({ store, dataSource, leases, schema: 'spec' });
  watching.projection({
    name: 'p',
    categories: ['numbered'],
    apply: async () => undefined,
    reset: async (tx) => {
      await tx.query('DELETE FROM seen');
      await tx.query('UPDATE total SET count = 0');
    },
  });
  watching.reactor({ name: 'r', categories: ['numbered'], handle: async () => undefined });
  replicas = [];
});
afterEach(async () => {
  await Promise.all(replicas.map((replica) => replica.end('SIGKILL')));
  await leases.close();
  await dataSource.destroy();
  await store.close();
  await database.drop();
});

const start = async (): Promise<Replica> => {
  const replica = await Replica.start(database.connectionString);
  replicas.push(replica);
  return replica;
};

let streams = 0;
let appended = 0;
const append = async (count: number): Promise<bigint> => {
  const events = Array.from({ length: count }, () => newEvent('Numbered', { n: appended++ }));
  const [result] = await store.append([{ streamName: `numbered-${streams++}`, expectedRevision: -1, events }]);
  if (!result?.ok) throw new Error('conflict');
  return result.position;
};
beforeEach(() => {
  appended = 0;
});

const arrived = async (position: bigint): Promise<void> => {
  for (const name of ['p', 'r'])
    expect([name, await watching.waitUntil(name, position, TIMEOUT_MS)]).toEqual([name, true]);
};

/** The rows that replaying all events produces. */
const replayed = () => {
  const numbers = Array.from({ length: appended }, (_, n) => n);
  return { seen: numbers, total: appended, deeds: numbers };
};

const tables = async () => {
  const [{ count: total }] = await dataSource.query<[{ count: number }]>('SELECT count FROM total');
  const seen = await dataSource.query<{ n: number }[]>('SELECT n FROM seen ORDER BY position, n');
  const deeds = await dataSource.query<{ n: number }[]>('SELECT n FROM deed ORDER BY n');
  return { seen: seen.map(({ n }) => n), total, deeds: deeds.map(({ n }) => n) };
};

/** The replica that holds the lease of a subscription. */
const holderOf = async (name: string): Promise<Replica | undefined> => {
  const [row] = await dataSource.query<{ holder: string }[]>('SELECT holder FROM leases.lease WHERE name = $1', [
    `spec.${name}`,
  ]);
  return replicas.find(({ child }) => row?.holder.split(':')[1] === String(child.pid));
};

describe('replicas', () => {
  it('apply each event once and take over from a killed or stopped replica', async () => {
    await Promise.all([start(), start(), start()]);
    await arrived(await append(500));
    expect(await tables()).toEqual(replayed());
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      const last = append(300);
      await (await holderOf('p'))!.end(signal);
      // Its position may otherwise be after that of the next.
      await last;
      await append(200);
      await arrived(await append(1));
      expect(await tables()).toEqual(replayed());
    }
  });

  it('take over from a replica paused within a batch, which changes nothing when it resumes', async () => {
    const paused = await start();
    await arrived(await append(10));
    const inside = paused.says('inside');
    await append(100);
    await inside;
    paused.signal('SIGSTOP');
    const other = await start();
    await arrived(await append(100));
    expect(await tables()).toEqual(replayed());
    expect(await holderOf('p')).toBe(other);
    paused.signal('SIGCONT');
    await arrived(await append(100));
    expect(await tables()).toEqual(replayed());
    // It has recovered: it continues without the other one.
    await other.end('SIGKILL');
    await arrived(await append(100));
    expect(await holderOf('p')).toBe(paused);
    expect(await tables()).toEqual(replayed());
  });

  it('rebuild a projection from any process', async () => {
    await start();
    await arrived(await append(700));
    await dataSource.query('UPDATE seen SET n = -1');
    await watching.rebuild('p');
    await arrived(await append(300));
    expect(await tables()).toEqual(replayed());
    expect(await watching.lag()).toEqual([
      { name: 'p', behind: 0 },
      { name: 'r', behind: 0 },
    ]);
  });

  it('can be waited for from another process when only other categories have new events', async () => {
    await start();
    await arrived(await append(10));
    const [result] = await store.append([
      { streamName: 'other-1', expectedRevision: -1, events: [newEvent('Other', {})] },
    ]);
    if (!result?.ok) throw new Error('conflict');
    const position = async (): Promise<bigint> =>
      BigInt(
        (await dataSource.query<[{ position: string }]>("SELECT position FROM spec.checkpoint WHERE name = 'p'"))[0]
          .position,
      );
    const written = await position();
    expect(written).toBeLessThan(result.position);
    await arrived(result.position);
    expect(await position()).toBe(written);
    expect(await watching.waitUntil('p', result.position + 1n, 10)).toBe(false);
  });

  it('produce the rows of a replay although replicas are killed, paused or stopped', async () => {
    const seed = Date.now() % 1_000_000;
    let state = seed;
    const random = (below: number): number => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((state / 2 ** 31) * below);
    };
    await Promise.all([start(), start(), start()]);
    for (let round = 0; round < 12; round++) {
      const victim = replicas[random(replicas.length)]!;
      for (let n = 0; n < 5; n++) await append(1 + random(80));
      if (random(3) > 0) {
        victim.signal('SIGSTOP');
        for (let n = 0; n < 10; n++) await append(1 + random(40));
        // Some are paused longer than their lease, some are not.
        await sleep(random(2 * LEASE_MS));
        victim.signal('SIGCONT');
      } else {
        await victim.end(random(2) === 0 ? 'SIGKILL' : 'SIGTERM');
        replicas = replicas.filter((replica) => replica !== victim);
        await start();
      }
    }
    await arrived(await append(1));
    expect({ seed, ...(await tables()) }).toEqual({ seed, ...replayed() });
  });
});
