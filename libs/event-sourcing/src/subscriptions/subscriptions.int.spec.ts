import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { until } from '@allotree/testing/until';
import { Leases } from '@allotree/leases';
import { createTestDatabase, newEvent } from '@allotree/testing';
import type { TestDatabase } from '@allotree/testing';
import pg from 'pg';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { RecordedEvent } from '../event-store.js';
import { appendArguments, appendCall } from '../postgres/append-arguments.js';
import { PostgresEventStore } from '../postgres/postgres-event-store.js';
import { Subscriptions } from './subscriptions.js';
import type { Projection, SubscriptionMetrics } from './subscriptions.js';

describe('Subscriptions', () => {
  let database: TestDatabase;
  let store: PostgresEventStore;
  let leases: Leases;
  let dataSource: DataSource;
  /** Per test, so that tests do not share events and checkpoints. */
  let category: string;
  let schema: string;
  let all: Subscriptions[];

  beforeAll(async () => {
    database = await createTestDatabase();
    store = await PostgresEventStore.open({ connectionString: database.connectionString });
    dataSource = await new DataSource({ type: 'postgres', url: database.connectionString, poolSize: 10 }).initialize();
    leases = await Leases.open({ connectionString: database.connectionString });
    await dataSource.query('CREATE TABLE seen (projection text, n int, position bigint)');
  });
  afterAll(async () => {
    await leases.close();
    await dataSource.destroy();
    await store.close();
    await database.drop();
  });
  beforeEach(() => {
    category = `c${randomUUID().slice(0, 8)}`;
    schema = `s${randomUUID().slice(0, 8)}`;
    all = [];
  });
  afterEach(async () => {
    await Promise.all(all.map((subscriptions) => subscriptions.stop()));
  });

  function subscriptions(
    options: { store?: PostgresEventStore; leases?: Leases; metrics?: SubscriptionMetrics } = {},
  ): Subscriptions {
    const made = new Subscriptions({ store, dataSource, schema, leases, ...options });
    all.push(made);
    return made;
  }

  /** Writes one row per event, with one statement per batch. */
  const projection = (
    name: string,
    before: (events: readonly RecordedEvent[], tx: EntityManager) => Promise<void> = async () => undefined,
  ): Projection => ({
    name,
    categories: [category],
    async apply(events, tx) {
      await tx.query('INSERT INTO seen SELECT $1, n, p FROM unnest($2::int[], $3::bigint[]) AS t (n, p)', [
        `${schema}.${name}`,
        events.map(({ data }) => (data as { n: number }).n),
        events.map(({ position }) => position.toString()),
      ]);
      await before(events, tx);
    },
    reset: async (tx) => void (await tx.query('DELETE FROM seen WHERE projection = $1', [`${schema}.${name}`])),
  });

  const rows = async (name: string): Promise<number[]> =>
    (
      (await dataSource.query('SELECT n FROM seen WHERE projection = $1 ORDER BY position', [`${schema}.${name}`])) as {
        n: number;
      }[]
    ).map(({ n }) => n);

  let counter = 0;
  /** Appends numbered events to a new stream and returns the position of the last. */
  async function append(from: number, to: number): Promise<bigint> {
    const events = Array.from({ length: to - from }, (_, i) => newEvent('Numbered', { n: from + i }));
    const [result] = await store.append([{ streamName: `${category}-${counter++}`, expectedRevision: -1, events }]);
    if (!result?.ok) throw new Error('conflict');
    return result.position;
  }

  const numbers = (to: number) => Array.from({ length: to }, (_, n) => n);

  it('applies every existing and new event once and in order', async () => {
    await append(0, 2_500);
    const running = subscriptions();
    running.projection(projection('p'));
    await running.start();
    for (let n = 2_500; n < 2_600; n += 10) await append(n, n + 10);
    const last = await append(2_600, 2_610);
    expect(await running.waitUntil('p', last, 20_000)).toBe(true);
    expect(await rows('p')).toEqual(numbers(2_610));
    expect(await running.lag()).toEqual([{ name: 'p', behind: 0 }]);
  });

  it('advances past events of other categories', async () => {
    const running = subscriptions();
    running.projection({ ...projection('p'), categories: ['nobody'] });
    await running.start();
    expect(await running.waitUntil('p', await append(0, 10), 20_000)).toBe(true);
  });

  it('passes over batches without its types of events, and can be waited for from another process', async () => {
    const marked = { ...projection('p'), eventTypes: ['Marked'] };
    const mark = async (n: number): Promise<bigint> => {
      const events = [newEvent('Marked', { n })];
      const [result] = await store.append([{ streamName: `${category}-m${n}`, expectedRevision: -1, events }]);
      if (!result?.ok) throw new Error('conflict');
      return result.position;
    };
    const [running, watching] = [subscriptions(), subscriptions()];
    running.projection(marked);
    watching.projection(marked);
    await running.start();
    const first = await mark(1_000);
    expect(await running.waitUntil('p', first, 20_000)).toBe(true);
    const other = await append(0, 1_200);
    expect(await running.waitUntil('p', other, 20_000)).toBe(true);
    expect(await rows('p')).toEqual([1_000]);
    expect(await watching.waitUntil('p', other, 20_000)).toBe(true);
    expect(await watching.lag()).toEqual([{ name: 'p', behind: 0 }]);
    await running.stop();
    const second = await mark(1_001);
    expect(await watching.waitUntil('p', second, 10)).toBe(false);
    expect(await watching.lag()).toEqual([{ name: 'p', behind: 1 }]);
    await watching.start();
    expect(await watching.waitUntil('p', second, 20_000)).toBe(true);
    expect(await rows('p')).toEqual([1_000, 1_001]);
  });

  it('refuses to start on checkpoints of another store', async () => {
    const first = subscriptions();
    first.projection(projection('p'));
    await first.start();
    await first.stop();
    const elsewhere = await PostgresEventStore.open({
      connectionString: database.connectionString,
      schema: `e${schema}`,
    });
    try {
      const second = subscriptions({ store: elsewhere });
      second.projection(projection('p'));
      await expect(second.start()).rejects.toThrow('belong to event store');
    } finally {
      await elsewhere.close();
    }
  });

  it('refuses to start on a checkpoint beyond the end of the store', async () => {
    const first = subscriptions();
    first.projection(projection('p'));
    await first.start();
    await first.stop();
    await dataSource.query(`UPDATE "${schema}".checkpoint SET position = $1`, [
      String((await store.head()) + 1_000_000n),
    ]);
    const second = subscriptions();
    second.projection(projection('p'));
    await expect(second.start()).rejects.toThrow('is beyond the end of the event store');
  });

  it('reads events that it got no hint of', async () => {
    const { connectionString } = database;
    const following = await PostgresEventStore.open({ connectionString, pollIntervalMs: 100 });
    const running = subscriptions({ store: following });
    running.projection(projection('p'));
    await running.start();
    const silent = new pg.Client({ connectionString });
    await silent.connect();
    const events = [newEvent('Numbered', { n: 7 })];
    const unannounced = { streamName: `${category}-silent`, expectedRevision: -1, events };
    await silent.query(appendCall('events'), [...appendArguments([unannounced]).values]);
    await silent.end();
    await until(async () => (await rows('p')).length === 1);
    expect(await rows('p')).toEqual([7]);
    await running.stop();
    await following.close();
  });

  it('returns false if a position is not reached in time', async () => {
    const running = subscriptions();
    running.projection(projection('p'));
    await running.start();
    expect(await running.waitUntil('p', (await store.head()) + 1_000_000_000n, 10)).toBe(false);
  });

  it('resumes from the checkpoint after being stopped', async () => {
    const last = await append(0, 3_000);
    const first = subscriptions();
    let stopped: Promise<void> | undefined;
    first.projection(projection('p', async () => void (stopped ??= first.stop())));
    await first.start();
    while (!stopped) await new Promise(setImmediate);
    await stopped;
    expect(await rows('p')).toEqual(numbers(1_000));
    const second = subscriptions();
    second.projection(projection('p'));
    await second.start();
    expect(await second.waitUntil('p', last, 20_000)).toBe(true);
    expect(await rows('p')).toEqual(numbers(3_000));
  });

  it('stalls at a failing event without skipping it or delaying others, and resumes once it succeeds', async () => {
    const failed = jest.fn();
    let poisoned = true;
    const running = subscriptions({ metrics: { failed } });
    running.projection(
      projection('ill', async (events) => {
        if (poisoned && events.some(({ data }) => (data as { n: number }).n === 1_234)) throw new Error('poison');
      }),
    );
    running.projection(projection('well'));
    const last = await append(0, 2_000);
    await running.start();
    expect(await running.waitUntil('well', last, 20_000)).toBe(true);
    const ill = await until(
      () => rows('ill'),
      ({ length }) => length >= 1_234,
    );
    expect(ill).toEqual(numbers(1_234));
    expect(await running.lag()).toEqual([
      { name: 'ill', behind: 766 },
      { name: 'well', behind: 0 },
    ]);
    expect(failed).toHaveBeenCalledWith('ill');
    poisoned = false;
    expect(await running.waitUntil('ill', last, 20_000)).toBe(true);
    expect(await rows('ill')).toEqual(numbers(2_000));
  });

  it('rolls rows and checkpoint back together', async () => {
    let failures = 0;
    const running = subscriptions();
    running.projection(
      projection('p', async () => {
        if (failures++ < 2) throw new Error('once more');
      }),
    );
    await running.start();
    expect(await running.waitUntil('p', await append(0, 50), 20_000)).toBe(true);
    expect(await rows('p')).toEqual(numbers(50));
  });

  it('prepares a batch while no transaction is open, and applies what was prepared', async () => {
    const replica = subscriptions();
    const open: number[] = [];
    replica.projection<readonly number[]>({
      ...projection('prepared'),
      async prepare(events) {
        const [{ count }] = (await dataSource.query(
          `SELECT count(*)::int FROM pg_stat_activity
           WHERE datname = current_database() AND state = 'idle in transaction' AND query LIKE $1`,
          [`%${schema}%`],
        )) as [{ count: number }];
        open.push(count);
        return events.map(({ data }) => (data as { n: number }).n * 10);
      },
      async apply(_events, tx, prepared) {
        await tx.query('INSERT INTO seen SELECT $1, n, n FROM unnest($2::int[]) AS t (n)', [
          `${schema}.prepared`,
          prepared,
        ]);
      },
    });
    await replica.start();
    expect(await replica.waitUntil('prepared', await append(0, 3), 5_000)).toBe(true);
    expect(await rows('prepared')).toEqual([0, 10, 20]);
    expect(new Set(open)).toEqual(new Set([0]));
  });

  it('applies nothing twice when two replicas share a name', async () => {
    const otherStore = await PostgresEventStore.open({ connectionString: database.connectionString });
    const otherLeases = await Leases.open({ connectionString: database.connectionString });
    const replicas = [subscriptions(), subscriptions({ store: otherStore, leases: otherLeases })];
    for (const replica of replicas) replica.projection({ ...projection('p'), batchSize: 20 });
    await Promise.all(replicas.map((replica) => replica.start()));
    let last = 0n;
    for (let n = 0; n < 1_000; n += 50) last = await append(n, n + 50);
    for (const replica of replicas) expect(await replica.waitUntil('p', last, 20_000)).toBe(true);
    expect(await rows('p')).toEqual(numbers(1_000));
    await Promise.all(replicas.map((replica) => replica.stop()));
    await otherLeases.close();
    await otherStore.close();
  });

  it('rebuilds one projection from the beginning while others keep running', async () => {
    const running = subscriptions();
    running.projection(projection('old'));
    running.projection(projection('other'));
    await running.start();
    const last = await append(0, 1_500);
    await Promise.all(['old', 'other'].map((name) => running.waitUntil(name, last, 20_000)));
    await dataSource.query('UPDATE seen SET n = -1 WHERE projection = $1', [`${schema}.old`]);
    await running.rebuild('old');
    const later = await append(1_500, 1_600);
    for (const name of ['old', 'other']) expect(await running.waitUntil(name, later, 20_000)).toBe(true);
    expect(await rows('old')).toEqual(numbers(1_600));
    expect(await rows('other')).toEqual(numbers(1_600));
    await expect(running.rebuild('nobody')).rejects.toThrow('projection nobody does not exist');
  });

  it('delivers events to a reactor at least once and in order', async () => {
    const handled: number[] = [];
    let failures = 0;
    const running = subscriptions();
    running.reactor({
      name: 'r',
      categories: [category],
      async handle(events) {
        handled.push(...events.map(({ data }) => (data as { n: number }).n));
        if (failures++ === 0) throw new Error('after the deed');
      },
    });
    const last = await append(0, 250);
    await running.start();
    expect(await running.waitUntil('r', last, 20_000)).toBe(true);
    expect(handled.slice(0, 100)).toEqual(numbers(100));
    expect([...new Set(handled)].sort((a, b) => a - b)).toEqual(numbers(250));
    expect(handled.slice(-250)).toEqual(numbers(250));
  });

  it('refuses two subscriptions with the same name', () => {
    const made = subscriptions();
    made.projection(projection('p'));
    expect(() => made.reactor({ name: 'p', categories: [], handle: async () => undefined })).toThrow(
      'subscription p already exists',
    );
  });
});
