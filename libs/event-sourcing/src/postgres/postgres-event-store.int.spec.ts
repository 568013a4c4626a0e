import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createTestDatabase,
  eventStoreContract,
  newEvent,
  sharedEventStoreContract,
  startDatabaseProxy,
} from '@allotree/testing';
import type { DatabaseProxy, MakeStore, TestDatabase } from '@allotree/testing';
import { until } from '@allotree/testing/until';
import pg from 'pg';
import type { StreamAppend } from '../event-store.js';
import { appendArguments, appendCall } from './append-arguments.js';
import { AppendSignal } from './append-signal.js';
import { PostgresEventStore } from './postgres-event-store.js';

const inPostgres: MakeStore = async () => {
  const { connectionString, drop } = await createTestDatabase();
  return { open: () => PostgresEventStore.open({ connectionString }), cleanUp: drop };
};

eventStoreContract('PostgreSQL', inPostgres);
sharedEventStoreContract('PostgreSQL', inPostgres);

describe('PostgresEventStore', () => {
  let database: TestDatabase;
  let store: PostgresEventStore;
  beforeAll(async () => {
    database = await createTestDatabase();
    store = await PostgresEventStore.open({ connectionString: database.connectionString });
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
  });

  const stream = (category: string) => `${category}-${randomUUID()}`;
  const one = (streamName: string, type: string, expectedRevision = -1): StreamAppend => ({
    streamName,
    expectedRevision,
    events: [newEvent(type)],
  });
  const types = async (category: string, position = 0n) =>
    (await store.readAll([category], position, 100)).map(({ type }) => type);

  /** A transaction that another client keeps open. */
  async function transaction() {
    const client = new pg.Client({ connectionString: database.connectionString });
    await client.connect();
    await client.query('BEGIN');
    const end = async (how: string): Promise<void> => {
      await client.query(how);
      await client.end();
    };
    return {
      query: (sql: string) => client.query(sql),
      append: (append: StreamAppend) => client.query(appendCall('events'), [...appendArguments([append]).values]),
      commit: () => end('COMMIT'),
      rollback: () => end('ROLLBACK'),
    };
  }

  it('fails to open when the connection is lost meanwhile', async () => {
    const first = await transaction();
    await first.query("SELECT pg_advisory_xact_lock(hashtext('allotree.events'), hashtext('events'))");
    const opening = PostgresEventStore.open({ connectionString: database.connectionString });
    const failed = expect(opening).rejects.toThrow('terminating connection due to administrator command');
    const terminate = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%allotree.events%'`;
    while ((await first.query(terminate)).rowCount === 0) {
      await sleep(5);
      // Within a transaction, the view shows what it showed before.
      await first.query('SELECT pg_stat_clear_snapshot()');
    }
    await failed;
    await first.commit();
  });

  describe('global order', () => {
    it('does not skip an event that commits after a later append', async () => {
      const [first, second] = [await transaction(), await transaction()];
      await first.append(one(stream('reverse'), 'First'));
      await second.append(one(stream('reverse'), 'Second'));
      await second.commit();
      expect(await types('reverse')).toEqual([]);
      const held = await store.head();
      await first.commit();
      expect(await types('reverse', held)).toEqual(['First', 'Second']);
    });

    it('orders by transaction, not by insertion', async () => {
      const [elder, younger] = [await transaction(), await transaction()];
      await elder.query('SELECT pg_current_xact_id()');
      await younger.append(one(stream('elder'), 'Younger'));
      await elder.append(one(stream('elder'), 'Elder'));
      await younger.commit();
      expect(await types('elder')).toEqual([]);
      await elder.commit();
      expect(await types('elder')).toEqual(['Elder', 'Younger']);
    });

    it('continues after an append is rolled back', async () => {
      const lost = await transaction();
      await lost.append(one(stream('lost'), 'Lost'));
      await store.append([one(stream('lost'), 'Kept')]);
      expect(await types('lost')).toEqual([]);
      await lost.rollback();
      expect(await types('lost')).toEqual(['Kept']);
    });

    it('is read again once an append that was waited for has failed, without a hint from it', async () => {
      const lost = await transaction();
      await lost.append(one(stream('hidden'), 'Lost'));
      const [kept] = await store.append([one(stream('hidden'), 'Kept')]);
      let hints = 0;
      const stop = store.onAppend(() => (hints += 1));
      const before = await store.head();
      expect(before).toBeLessThan((kept as { position: bigint }).position);
      await until(() => hints === 1);
      await store.head();
      await lost.rollback();
      await until(() => hints === 2);
      expect(await store.head()).toBe((kept as { position: bigint }).position);
      stop();
    });

    it('is not delayed by long transactions that append nothing', async () => {
      const other = await transaction();
      await other.query('CREATE TABLE public.other (n int)');
      await store.append([one(stream('meanwhile'), 'Meanwhile')]);
      expect(await types('meanwhile')).toEqual(['Meanwhile']);
      await other.rollback();
    });

    it('returns what head() counted even if an append without an id moves the horizon back', async () => {
      const [elder, starting] = [await transaction(), await transaction()];
      await elder.query('SELECT pg_current_xact_id()');
      await store.append([one(stream('counted'), 'Counted')]);
      const head = await store.head();
      expect(head).toBeGreaterThan(0n);
      // The first step of an append, before it gets its id.
      await starting.query("SELECT pg_advisory_xact_lock_shared(1634495602, 'events.event'::regclass::oid::integer)");
      expect(await types('counted')).toEqual(['Counted']);
      expect(await store.head()).toBe(head);
      await starting.rollback();
      await elder.rollback();
    });

    it('continues above the positions of a restored dump', async () => {
      const restored = await createTestDatabase();
      const before = await PostgresEventStore.open({ connectionString: restored.connectionString });
      await before.append([one('restored-1', 'Old')]);
      await before.close();
      const client = new pg.Client({ connectionString: restored.connectionString });
      await client.connect();
      // Simulates a dump of a server with many more transactions.
      await client.query('UPDATE events.event SET position = position + (1000000::bigint << 20)');
      await client.end();
      const after = await PostgresEventStore.open({ connectionString: restored.connectionString });
      const [old] = await after.readAll(['restored'], 0n, 10);
      await after.append([one('restored-2', 'New')]);
      expect((await after.readAll(['restored'], old!.position, 10)).map(({ type }) => type)).toEqual(['New']);
      await after.close();
      await restored.drop();
    });
  });

  describe('append hints', () => {
    let proxy: DatabaseProxy;
    let proxied: PostgresEventStore;
    beforeEach(async () => {
      proxy = await startDatabaseProxy(database.connectionString);
      proxied = await PostgresEventStore.open({ connectionString: proxy.connectionString });
    });
    afterEach(async () => {
      await proxied.close();
      await proxy.close();
    });

    /** The hints of other processes that a store has passed on. */
    const foreign = (of: PostgresEventStore) => {
      const seen = { count: 0 };
      of.onAppend((byAnotherProcess) => (seen.count += Number(byAnotherProcess)));
      return seen;
    };

    it('reach other processes also where the connection is lost right after the append', async () => {
      const hints = foreign(store);
      // Its own process is notified first.
      proxied.onAppend((byAnotherProcess) => byAnotherProcess || proxy.cut());
      await proxied.append([one(stream('told'), 'Told')]);
      await sleep(300);
      expect(hints.count).toBe(0);
      proxy.restore();
      await until(() => hints.count > 0);
    });

    it('leave no connection behind that could not listen', async () => {
      const pool = new pg.Pool({ connectionString: database.connectionString });
      const logger = { warn: () => undefined } as never;
      const connections = async () =>
        (
          await pool.query(
            "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'allotree events hints'",
          )
        ).rowCount;
      const before = await connections();
      // No channel has an empty name.
      await expect(new AppendSignal(database.connectionString, pool, '', logger).start()).rejects.toThrow(
        /zero-length/,
      );
      await until(async () => (await connections()) === before);
      await pool.end();
    });

    it('are replaced by repeated ones while none can arrive', async () => {
      const hints = foreign(proxied);
      proxy.cut();
      await until(() => hints.count > 2);
      proxy.restore();
      await store.append([one(stream('missed'), 'Missed')]);
      await until(async () => (await proxied.readAll(['missed'], 0n, 10)).length === 1);
    });
  });

  describe('several processes', () => {
    it('waits for one that changes the schema longer than for any other statement', async () => {
      const fresh = await createTestDatabase();
      const changing = new pg.Client({ connectionString: fresh.connectionString });
      await changing.connect();
      await changing.query("SELECT pg_advisory_lock(hashtext('allotree.events'), hashtext('events'))");
      const impatient = new URL(fresh.connectionString);
      impatient.searchParams.set('query_timeout', '300');

      const opening = PostgresEventStore.open({ connectionString: impatient.href });
      await changing.query('SELECT pg_sleep(0.6)');
      await changing.end();
      const store = await opening;

      await store.append([one('opened-1', 'Opened')]);
      expect(await store.readAll(['opened'], 0n, 10)).toHaveLength(1);
      await store.close();
      await fresh.drop();
    });

    it('can be opened concurrently', async () => {
      const fresh = await createTestDatabase();
      const stores = await Promise.all(
        Array.from({ length: 5 }, () => PostgresEventStore.open({ connectionString: fresh.connectionString })),
      );
      await Promise.all(stores.map((each, n) => each.append([one(`opened-${n}`, 'Opened')])));
      expect(await stores[0]!.readAll(['opened'], 0n, 10)).toHaveLength(5);
      await Promise.all(stores.map((each) => each.close()));
      await fresh.drop();
    });
  });
});
