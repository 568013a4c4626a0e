import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@allotree/testing/until';
import { LICENSING_TOPIC, TOPICS } from '@allotree/contracts';
import { Leases } from '@allotree/leases';
import { createLogger, createPool } from '@allotree/basics';
import { BusMetrics, PostgresBus, PostgresGroup } from '@allotree/bus';
import { busEvent, createTestDatabase, type TestDatabase } from '@allotree/testing';
import { Registry } from 'prom-client';
import { runBuilt } from '@allotree/testing/running-system';

describe('npm run dlq', () => {
  let database: TestDatabase;
  let stop: () => Promise<void>;
  const handled: string[] = [];
  let broken = true;

  const dlq = async (...args: string[]) =>
    runBuilt('cli', ['dlq', ...args], { DATABASE_URL: database.connectionString }).ended;

  beforeAll(async () => {
    database = await createTestDatabase();
    const { connectionString } = database;
    const pool = createPool({ connectionString, applicationName: 'spec' });
    const metrics = new BusMetrics(new Registry());
    const bus = new PostgresBus(pool, metrics);
    const leases = await Leases.open({ connectionString });
    const group = new PostgresGroup({
      groupId: 'billing',
      handlers: [
        {
          topic: LICENSING_TOPIC,
          batched: false,
          handle: async ([event]) => {
            if (broken) throw new Error('no invoice\nwithout an address');
            handled.push(event?.id ?? '');
          },
        },
      ],
      connectionString,
      leases,
      bus,
      logger: createLogger({ service: 'spec', level: 'silent' }),
      metrics,
      attempts: 2,
      backoffMs: 1,
    });
    await group.start();
    await bus.publish(LICENSING_TOPIC, [busEvent('hafenblick', 'e1'), busEvent('hafenblick', 'e2')]);
    await until(async () => (await bus.deadLetters(LICENSING_TOPIC)).length === 2);
    stop = async () => {
      await group.stop();
      await leases.close();
      await pool.end();
    };
  });
  afterAll(async () => {
    await stop();
    await database.drop();
  });

  it('shows dead letters, hands them back once, and says which', async () => {
    const shown = await dlq('list', '--topic', LICENSING_TOPIC);
    expect(shown.code).toBe(0);
    expect(shown.output).toContain('e1 allotree.groups-placed.v1 of hafenblick');
    expect(shown.output).toContain('after 2 attempts: Error: no invoice');
    expect(shown.output).toContain('2 dead letters.');

    broken = false;
    const one = await dlq('replay', '--topic', LICENSING_TOPIC, '--group', 'billing', '--id', 'e2');
    expect(one).toEqual({ code: 0, output: 'Handed back to billing: e2 allotree.groups-placed.v1 of hafenblick\n' });
    await until(() => handled.length === 1);
    const rest = await dlq('replay', '--topic', LICENSING_TOPIC);
    expect(rest).toEqual({ code: 0, output: 'Handed back to billing: e1 allotree.groups-placed.v1 of hafenblick\n' });
    await until(() => handled.length === 2);
    expect(handled).toEqual(['e2', 'e1']);

    const again = await dlq('replay', '--topic', LICENSING_TOPIC, '--id', 'e1');
    expect(again).toEqual({ code: 0, output: 'Nothing to hand back: no such dead letter is open.\n' });
    expect(await dlq('list', '--topic', LICENSING_TOPIC)).toEqual({ code: 0, output: 'No dead letters.\n' });
    expect(handled).toHaveLength(2);
  });

  it('lets a group read a topic again', async () => {
    const before = handled.length;
    const rewound = await dlq('rewind', '--topic', LICENSING_TOPIC, '--group', 'billing');
    expect(rewound).toEqual({ code: 0, output: `billing reads ${LICENSING_TOPIC} again from the beginning.\n` });
    await until(() => handled.length === before + 4);
  });

  it('finds the Kafka that a cluster started on the data folder', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'allotree-dlq-'));
    await mkdir(join(dataDir, 'kafka'));
    const broker = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await new Promise((done) => broker.once('listening', done));
    const asked = new Promise((done) => broker.once('connection', done));
    const { port } = broker.address() as AddressInfo;
    await writeFile(
      join(dataDir, 'kafka', 'server.json'),
      JSON.stringify({ pid: process.pid, ports: { broker: port } }),
    );
    const tool = runBuilt('cli', ['dlq', 'list', '--topic', LICENSING_TOPIC], { DATA_DIR: dataDir });
    await asked;
    tool.child.kill('SIGKILL');
    await tool.ended;
    broker.close();
    await rm(dataDir, { recursive: true });
  });

  it('says what is wrong with a call', async () => {
    const unknown = await dlq('list', '--topic', 'elsewhere.events.v1');
    expect(unknown.code).toBe(1);
    expect(unknown.output).toContain(`Allowed choices are ${TOPICS.join(', ')}.`);
    const nowhere = await runBuilt('cli', ['dlq', 'list', '--topic', LICENSING_TOPIC], {
      DATA_DIR: '/nonexistent',
    }).ended;
    expect(nowhere).toEqual({
      code: 1,
      output:
        'error: no Allotree is running on the data folder /nonexistent, and neither KAFKA_BROKERS nor DATABASE_URL says where the bus is.\n',
    });
  });
});
