import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { CloudEvent } from '@allotree/contracts';
import { busContract, busEvent, createTestDatabase, type Consumption, type TestDatabase } from '@allotree/testing';
import { Controller, Module } from '@nestjs/common';
import pg from 'pg';
import {
  BASE_CONFIGURATION,
  BusPublisher,
  connectBusConsumers,
  createHttpApplication,
  createLogger,
  createPool,
  loadConfiguration,
  OnIntegrationEvent,
  OnIntegrationEvents,
  PlatformModule,
  PostgresBus,
  PostgresBusServer,
} from '../index.js';

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
  const bus = new PostgresBus(pool);
  await bus.prepare();
  await pool.query('TRUNCATE bus.message, bus.consumer_offset');
  return bus;
};

async function consume(
  bus: PostgresBus,
  { groupId, topic, batched = false, handle }: Consumption,
): Promise<{ stop(): Promise<void> }> {
  const server = new PostgresBusServer({
    groupId,
    connectionString: database.connectionString,
    bus,
    logger,
    attempts: 3,
    backoffMs: 2,
  });
  const handler = async (payload: CloudEvent | CloudEvent[]): Promise<void> =>
    handle(Array.isArray(payload) ? payload : [payload]);
  server.addHandler(topic, handler as never, true, { batch: batched });
  await new Promise<void>((resolve, reject) =>
    server.listen((error) => (error === undefined ? resolve() : reject(error))),
  );
  return { stop: () => server.close() };
}

busContract('PostgreSQL', async () => {
  const bus = await emptyBus();
  return {
    publish: (topic, events) => bus.publish(topic, events),
    consume: (consumption) => consume(bus, consumption),
    replay: (groupId, topic) => bus.replay(groupId, topic),
    deadLetters: (topic) => bus.deadLetters(topic),
    close: () => Promise.resolve(),
  };
});

describe('the bus on PostgreSQL', () => {
  let bus: PostgresBus;
  beforeEach(async () => {
    bus = await emptyBus();
  });

  it('never runs ahead of a publisher that has not committed yet', async () => {
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

  it('passes a gap left by a publisher that gave up', async () => {
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
    expect(
      await bus
        .lag('g', TOPIC)
        .then(async (lag) => (lag > 0 ? (await until(async () => (await bus.lag('g', TOPIC)) === 0), 0) : lag)),
    ).toBe(0);
    await consumer.stop();
  });

  it('gives the turn to another consumer of the group when the connection of the first is lost', async () => {
    const seen: string[] = [];
    const handle = async ([event]: readonly CloudEvent[]) => void seen.push(event?.id ?? '');
    const first = await consume(bus, { groupId: 'g', topic: TOPIC, handle });
    const second = await consume(bus, { groupId: 'g', topic: TOPIC, handle });
    await bus.publish(TOPIC, [busEvent('a', 'before')]);
    await until(async () => seen.length === 1 && (await bus.lag('g', TOPIC)) === 0);
    await pool.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bus g' AND datname = current_database()",
    );
    await bus.publish(TOPIC, [busEvent('a', 'after')]);
    await until(() => seen.length === 2);
    expect(seen).toEqual(['before', 'after']);
    await Promise.all([first.stop(), second.stop()]);
  });

  it('has nobody left waiting for a message that a stopping consumer gave back', async () => {
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
    await bus.replay('g', TOPIC);
    const next = await consume(bus, {
      groupId: 'g',
      topic: TOPIC,
      handle: async ([event]) => void handled.push(event?.id ?? ''),
    });
    await until(() => handled.length === 1);
    await next.stop();
  });

  it('refuses to start for a group without a handler', async () => {
    const server = new PostgresBusServer({
      groupId: 'nobody',
      connectionString: database.connectionString,
      bus,
      logger,
    });
    const error = await new Promise((resolve) => server.listen(resolve));
    expect(String(error)).toContain('the bus consumer group "nobody" has no handler');
  });
});

describe('@OnIntegrationEvent', () => {
  it('is called in an application for its group, with its errors as they are', async () => {
    const heard: string[] = [];

    @Controller()
    class Listener {
      @OnIntegrationEvent(TOPIC, 'one-group')
      async one(event: CloudEvent): Promise<void> {
        if (event.id === 'bad') throw new TypeError('no such group');
        heard.push(`one ${event.id}`);
      }

      @OnIntegrationEvents(TOPIC, 'batch-group')
      async many(events: readonly CloudEvent[]): Promise<void> {
        heard.push(`many ${events.map((event) => event.id).join('+')}`);
      }
    }
    const configuration = loadConfiguration(BASE_CONFIGURATION, {
      DATABASE_URL: database.connectionString,
      TOKEN_SECRET: 's'.repeat(40),
      ADMIN_PASSWORD_HASH: '$argon2id$unused',
    });
    @Module({ imports: [PlatformModule.forRoot({ service: 'spec', configuration, logger })], controllers: [Listener] })
    class ListenerModule {}

    const bus = await emptyBus();
    const app = await createHttpApplication(ListenerModule, configuration);
    app.connectMicroservice({
      strategy: new PostgresBusServer({
        groupId: 'one-group',
        connectionString: database.connectionString,
        bus,
        logger,
        attempts: 2,
      }),
    });
    connectBusConsumers(app, 'batch-group');
    await app.get(BusPublisher).publish(TOPIC, [busEvent('a', 'e1'), busEvent('a', 'bad'), busEvent('a', 'e2')]);
    await app.startAllMicroservices();
    await app.init();
    await until(() => heard.includes('one e2') && heard.some((line) => line.startsWith('many')));
    expect(heard.filter((line) => line.startsWith('one'))).toEqual(['one e1', 'one e2']);
    expect(heard).toContain('many e1+bad+e2');
    expect(await bus.deadLetters(TOPIC)).toMatchObject([
      { id: 'bad', dlqgroup: 'one-group', dlqerror: 'TypeError: no such group' },
    ]);
    await app.close();
  });
});

/** How many sessions of this database wait for an advisory lock. */
async function waiting(): Promise<number> {
  const { rows } = await pool.query<{ count: string }>(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
  );
  return Number(rows[0]?.count);
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}
