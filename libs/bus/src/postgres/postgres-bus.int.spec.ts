import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { until } from '@allotree/testing/until';
import type { CloudEvent } from '@allotree/contracts';
import { Leases } from '@allotree/leases';
import { busContract, busEvent, createTestDatabase, type Consumption, type TestDatabase } from '@allotree/testing';
import pg from 'pg';
import { Registry } from 'prom-client';
import { createLogger, createPool } from '@allotree/basics';
import { BusMetrics } from '../bus-metrics.js';
import { BusServer } from '../bus.server.js';
import { PostgresBus } from './postgres-bus.js';
import { PostgresGroup } from './postgres-group.js';

jest.setTimeout(30_000);

const TOPIC = 'spec.events.v1';
const logger = createLogger({ service: 'spec', level: 'silent' });
let database: TestDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({ connectionString: database.connectionString, applicationName: 'spec' });
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

const emptyBus = async (): Promise<PostgresBus> => {
  const bus = new PostgresBus(pool, new BusMetrics(new Registry()));
  await bus.prepare();
  await pool.query('TRUNCATE bus.message, bus.consumer_offset');
  return bus;
};

/** A consumer with leases of its own, like one in another process. */
async function consume(
  bus: PostgresBus,
  { groupId, topic, batched = false, handle }: Consumption,
  pollMs?: number,
): Promise<{ stop(): Promise<void> }> {
  const { connectionString } = database;
  const leases = await Leases.open({ connectionString, leaseMs: 1_000, renewMs: 100 });
  const group = new PostgresGroup({
    groupId,
    handlers: [{ topic, batched, handle }],
    connectionString,
    leases,
    bus,
    logger,
    metrics: new BusMetrics(new Registry()),
    attempts: 3,
    backoffMs: 2,
    pollMs,
  });
  await group.start();
  return {
    stop: async () => {
      await group.stop();
      await leases.close();
    },
  };
}

const lagOf = async (bus: PostgresBus, groupId: string): Promise<number | undefined> =>
  (await bus.lag(groupId, TOPIC))[0]?.lag;

busContract('PostgreSQL', async () => {
  const bus = await emptyBus();
  return {
    publish: (topic, events) => bus.publish(topic, events),
    consume: (consumption) => consume(bus, consumption),
    rewind: (groupId, topic) => bus.rewind(groupId, topic),
    deadLetters: (topic, choice) => bus.deadLetters(topic, choice),
    replay: (topic, choice) => bus.replay(topic, choice),
    progress: (groupId, topic, key) => bus.progress(groupId, topic, key),
    lag: async (groupId, topic) => (await bus.lag(groupId, topic)).reduce((sum, { lag }) => sum + lag, 0),
    close: () => Promise.resolve(),
  };
});

describe('the bus on PostgreSQL', () => {
  let bus: PostgresBus;
  beforeEach(async () => {
    bus = await emptyBus();
  });

  it('never reads ahead of a publisher that has not committed yet', async () => {
    const seen: string[] = [];
    const consumer = await consume(bus, {
      groupId: 'g',
      topic: TOPIC,
      handle: async ([event]) => void seen.push(event?.id ?? ''),
    });
    const early = new pg.Client({ connectionString: database.connectionString });
    await early.connect();
    await early.query('BEGIN');
    await early.query('SELECT bus.publish($1, $2, $3, $4)', [
      TOPIC,
      ['a'],
      ['early'],
      [JSON.stringify(busEvent('a', 'early'))],
    ]);
    const late = bus.publish(TOPIC, [busEvent('b', 'late')]);
    await until(async () => (await waiting()) === 1);
    expect(seen).toEqual([]);
    await early.query('COMMIT');
    await late;
    await until(() => seen.length === 2);
    expect(seen).toEqual(['early', 'late']);
    await early.end();
    await consumer.stop();
  });

  it('skips a gap left by a publisher that rolled back', async () => {
    const client = new pg.Client({ connectionString: database.connectionString });
    await client.connect();
    await client.query('BEGIN');
    await client.query('SELECT bus.publish($1, $2, $3, $4)', [
      TOPIC,
      ['a'],
      ['dropped'],
      [JSON.stringify(busEvent('a', 'dropped'))],
    ]);
    await client.query('ROLLBACK');
    await client.end();
    await bus.publish(TOPIC, [busEvent('a', 'kept')]);
    const seen: string[] = [];
    const consumer = await consume(bus, {
      groupId: 'g',
      topic: TOPIC,
      handle: async ([event]) => void seen.push(event?.id ?? ''),
    });
    await until(() => seen.length === 1);
    expect(seen).toEqual(['kept']);
    await consumer.stop();
  });

  it('reads a message that it was not notified of', async () => {
    const seen: string[] = [];
    const handle = async ([event]: readonly CloudEvent[]) => void seen.push(event?.id ?? '');
    const consumer = await consume(bus, { groupId: 'g', topic: TOPIC, handle }, 100);
    await bus.publish(TOPIC, [busEvent('a', 'first')]);
    await until(() => seen.length === 1);
    await pool.query('INSERT INTO bus.message (topic, key, id, bytes, payload) VALUES ($1, $2, $3, 1, $4)', [
      TOPIC,
      'a',
      'silent',
      JSON.stringify(busEvent('a', 'silent')),
    ]);
    await until(() => seen.length === 2);
    expect(seen).toEqual(['first', 'silent']);
    await consumer.stop();
  });

  it('keeps the order when many publish at once to several topics', async () => {
    const seen: number[] = [];
    const consumer = await consume(bus, {
      groupId: 'g',
      topic: TOPIC,
      handle: async ([event]) => void seen.push((event?.data as { n: number }).n),
    });
    const publisher = async (key: string) => {
      for (let n = 0; n < 40; n += 1) await bus.publish(TOPIC, [busEvent(key, `${key}-${n}`, { n })]);
    };
    await Promise.all([publisher('a'), publisher('b'), publisher('c'), publisher('d')]);
    await until(() => seen.length === 160);
    await until(async () => (await lagOf(bus, 'g')) === 0);
    await consumer.stop();
  });

  it('passes the lease to another consumer of the group when the connection of the first is lost', async () => {
    const seen: string[] = [];
    const handle = async ([event]: readonly CloudEvent[]) => void seen.push(event?.id ?? '');
    const first = await consume(bus, { groupId: 'g', topic: TOPIC, handle });
    const second = await consume(bus, { groupId: 'g', topic: TOPIC, handle });
    await bus.publish(TOPIC, [busEvent('a', 'before')]);
    await until(async () => seen.length === 1 && (await lagOf(bus, 'g')) === 0);
    await pool.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bus g' AND datname = current_database()",
    );
    await bus.publish(TOPIC, [busEvent('a', 'after')]);
    await until(() => seen.length === 2);
    expect(seen).toEqual(['before', 'after']);
    await Promise.all([first.stop(), second.stop()]);
  });

  it('has no waiting session left for a message that a stopping consumer gave back', async () => {
    const handled: string[] = [];
    let fail = true;
    const stubborn = await consume(bus, {
      groupId: 'g',
      topic: TOPIC,
      handle: async ([event]) => {
        if (fail) throw new Error('down');
        handled.push(event?.id ?? '');
      },
    });
    await bus.publish(TOPIC, [busEvent('a', 'e1')]);
    await until(async () => (await bus.deadLetters(TOPIC)).length === 1);
    await stubborn.stop();
    fail = false;
    await bus.rewind('g', TOPIC);
    const next = await consume(bus, {
      groupId: 'g',
      topic: TOPIC,
      handle: async ([event]) => void handled.push(event?.id ?? ''),
    });
    await until(() => handled.length === 1);
    await next.stop();
  });

  it('takes an event whose id is already on the topic as published', async () => {
    const seen: string[] = [];
    await bus.publish(TOPIC, [busEvent('a', 'once'), busEvent('a', 'twice')]);
    await bus.publish(TOPIC, [busEvent('a', 'once'), busEvent('a', 'twice'), busEvent('a', 'last')]);
    const consumer = await consume(bus, {
      groupId: 'g',
      topic: TOPIC,
      handle: async ([event]) => void seen.push(event?.id ?? ''),
    });
    await until(() => seen.includes('last'));
    expect(seen).toEqual(['once', 'twice', 'last']);
    await consumer.stop();
  });

  it('lets a running group read everything again', async () => {
    const seen: string[] = [];
    const consumer = await consume(bus, {
      groupId: 'g',
      topic: TOPIC,
      handle: async ([event]) => void seen.push(event?.id ?? ''),
    });
    await bus.publish(TOPIC, [busEvent('a', 'e1'), busEvent('a', 'e2')]);
    await until(async () => (await lagOf(bus, 'g')) === 0);
    await bus.rewind('g', TOPIC);
    await until(() => seen.length === 4);
    expect(seen).toEqual(['e1', 'e2', 'e1', 'e2']);
    await consumer.stop();
  });

  it('does not let a fenced holder move the offset', async () => {
    const { connectionString } = database;
    const handling = signal();
    const release = signal();
    const slow = await consume(bus, {
      groupId: 'g',
      topic: TOPIC,
      handle: async ([event]) => {
        if (event?.id !== 'e1') return;
        handling.give();
        await release.given;
      },
    });
    await bus.publish(TOPIC, [busEvent('a', 'e1')]);
    await handling.given;
    // Another process holds the lease by now, as after a pause of the first, and has handled all messages.
    const leases = await Leases.open({ connectionString });
    const seizure = await leases.seize(`bus g ${TOPIC}`);
    await bus.publish(TOPIC, [busEvent('a', 'e2')]);
    await pool.query(
      'UPDATE bus.consumer_offset SET fence = $1, position = (SELECT min(position) - 1 FROM bus.message)',
      [seizure.fence.toString()],
    );
    const { rows } = await pool.query<{ position: string; fence: string }>(
      'SELECT position, fence FROM bus.consumer_offset',
    );
    release.give();
    await slow.stop();
    expect((await pool.query('SELECT position, fence FROM bus.consumer_offset')).rows).toEqual(rows);
    await leases.close();
  });
});

describe('the server of bus handlers', () => {
  it('is not started for a group that has no handler', async () => {
    const server = new BusServer('nobody', () => {
      throw new Error('there is nothing to consume');
    });
    const error = await new Promise((resolve) => server.listen(resolve));
    expect(String(error)).toContain('the bus consumer group "nobody" has no handler');
  });
});

/** The number of sessions of this database that wait for an advisory lock. */
async function waiting(): Promise<number> {
  const { rows } = await pool.query<{ count: string }>(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
  );
  return Number(rows[0]?.count);
}

function signal(): { readonly given: Promise<void>; give(): void } {
  let give: () => void = () => undefined;
  const given = new Promise<void>((resolve) => (give = resolve));
  return { given, give: () => give() };
}
