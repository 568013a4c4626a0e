import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Leases } from '@allotree/leases';
import { collect, createTestDatabase, seats, startDatabaseProxy, type DatabaseProxy } from '@allotree/testing';
import type { SeatsEvent, TestDatabase } from '@allotree/testing';
import { DataSource } from 'typeorm';
import type { CommandContext } from './aggregate.js';
import { CommandRuntime } from './command-runtime.js';
import { OutcomeUnknown } from './errors.js';
import { PostgresEventStore } from './postgres/postgres-event-store.js';
import { Subscriptions } from './subscriptions/subscriptions.js';

jest.setTimeout(120_000);

const context = (): CommandContext => ({
  commandId: randomUUID(),
  correlationId: 'c',
  causationId: null,
  actor: 'user:u',
  tenantId: 't',
});

/** The database components of a process, behind a proxy that interrupts the connection. */
describe('a process whose database is temporarily unavailable', () => {
  let database: TestDatabase;
  let proxy: DatabaseProxy;
  let store: PostgresEventStore;
  let dataSource: DataSource;
  let leases: Leases;
  let runtime: CommandRuntime;
  let subscriptions: Subscriptions;

  beforeAll(async () => {
    database = await createTestDatabase();
    proxy = await startDatabaseProxy(database.connectionString);
    const { connectionString } = proxy;
    store = await PostgresEventStore.open({ connectionString });
    dataSource = await new DataSource({ type: 'postgres', url: connectionString, poolSize: 5 }).initialize();
    await dataSource.query('CREATE TABLE taken (who text)');
    leases = await Leases.open({ connectionString, leaseMs: 1_000, renewMs: 100 });
    // Short delays, because the spec waits for the error.
    runtime = new CommandRuntime({ store, appendRetryDelays: [10, 20] });
    subscriptions = new Subscriptions({ store, dataSource, leases, schema: 'spec' });
    subscriptions.projection({
      name: 'taken',
      categories: ['seats'],
      async apply(events, tx) {
        const who = events.map(({ data }) => (data as SeatsEvent & { who?: string }).who ?? null);
        await tx.query('INSERT INTO taken SELECT who FROM unnest($1::text[]) AS who WHERE who IS NOT NULL', [who]);
      },
      reset: async (tx) => void (await tx.query('DELETE FROM taken')),
    });
    await subscriptions.start();
  });
  afterAll(async () => {
    await runtime.stop();
    await subscriptions.stop();
    await leases.close();
    await dataSource.destroy();
    await store.close();
    await proxy.close();
    await database.drop();
  });

  it('resumes commands, subscriptions and leases, without losing or repeating anything', async () => {
    const handler = runtime.aggregate(seats);
    const id = randomUUID();
    await handler.execute(id, { type: 'Open', capacity: 1_000_000 }, context());
    const acknowledged: string[] = [];
    const unknown: string[] = [];
    const take = async (who: string): Promise<void> => {
      try {
        const outcome = await handler.execute(id, { type: 'Take', who }, context());
        if (outcome.kind === 'accepted') acknowledged.push(who);
      } catch (error) {
        if (error instanceof OutcomeUnknown) unknown.push(who);
      }
    };
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 20; n++) await take(`${round}/${n}`);
      const underWay = Array.from({ length: 20 }, (_, n) => take(`${round}/under way ${n}`));
      proxy.cut();
      await Promise.all([...underWay, take(`${round}/away`)]);
      // Until the lease is lost.
      while (leases.wanted().some(({ held }) => held)) await new Promise(setImmediate);
      proxy.restore();
      while (!acknowledged.includes(`${round}/back`)) await take(`${round}/back`);
    }
    expect(await subscriptions.waitUntil('taken', await store.head(), 60_000)).toBe(true);
    const recorded = (await collect(store.readStream(`seats-${id}`))).map(({ data }) => (data as { who?: string }).who);
    const rows = await dataSource.query<{ who: string }[]>('SELECT who FROM taken');
    expect(rows.map(({ who }) => who)).toEqual(recorded.slice(1));
    expect(new Set(recorded).size).toBe(recorded.length);
    expect(recorded).toEqual(expect.arrayContaining(acknowledged));
    const answered = new Set([...acknowledged, ...unknown]);
    expect(recorded.slice(1).filter((who) => !answered.has(who!))).toEqual([]);
  });
});

it('a store receives append hints again after its connection died silently', async () => {
  const database = await createTestDatabase();
  const proxy = await startDatabaseProxy(database.connectionString);
  const [store, other] = await Promise.all(
    [proxy, database].map(({ connectionString }) => PostgresEventStore.open({ connectionString })),
  );
  // Existing connections stay frozen; new ones are let through.
  proxy.freeze();
  proxy.restore();
  const heard = new Promise<void>((resolve) => {
    store!.onAppend((byAnotherProcess) => byAnotherProcess && resolve());
  });
  const runtime = new CommandRuntime({ store: other! });
  await runtime.aggregate(seats).execute('1', { type: 'Open', capacity: 1 }, context());
  await heard;
  await runtime.stop();
  await Promise.all([store!.close(), other!.close()]);
  await proxy.close();
  await database.drop();
});
