import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createLogger } from '@allotree/basics';
import { BusMetrics } from '@allotree/bus/bus-metrics';
import { KafkaBus, KafkaGroup } from '@allotree/bus/kafka';
import { BILLING_TOPIC } from '@allotree/contracts';
import { busEvent, createTestDatabase, describeOn, type TestDatabase } from '@allotree/testing';
import { Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import { openDataSource } from '../persistence/data-source.js';
import { BillingOutbox } from './billing-outbox.js';

jest.setTimeout(90_000);

const logger = createLogger({ service: 'reporting-service', level: 'silent' });

describeOn('ALLOTREE_TEST_KAFKA_BROKERS', (brokers) => {
  describe('the events about statements, on Kafka', () => {
    const run = randomUUID();
    const subject = `buyer-${run}`;
    let database: TestDatabase;
    /** Two processes of the service: they have the same transactional id. */
    const processes: { readonly rows: DataSource; readonly bus: KafkaBus; readonly outbox: BillingOutbox }[] = [];
    const metrics = new BusMetrics(new Registry());
    const openBus = (): KafkaBus => {
      const settings = { brokers: brokers.split(','), clientId: run, ssl: false, sasl: undefined } as const;
      const topics = { partitions: 3, replicationFactor: null, retentionMs: -1 };
      return new KafkaBus({ settings: { ...settings, ...topics }, logger, metrics });
    };
    beforeAll(async () => {
      database = await createTestDatabase();
      for (let n = 0; n < 2; n += 1) {
        const [rows, bus] = [await openDataSource(database.connectionString), openBus()];
        processes.push({ rows, bus, outbox: new BillingOutbox(rows, bus) });
      }
    });
    afterAll(async () => {
      for (const { rows, bus } of processes) {
        await bus.close();
        await rows.destroy();
      }
      await database.drop();
    });

    const keep = (...ids: string[]): Promise<unknown> =>
      processes[0]!.rows.query(
        'INSERT INTO reporting.billing_outbox (event) SELECT event FROM unnest($1::jsonb[]) WITH ORDINALITY AS given (event, place) ORDER BY place',
        [ids.map((id) => JSON.stringify(busEvent(subject, `${run}/${id}`)))],
      );
    const published = async (number: number): Promise<string[]> => {
      const seen: string[] = [];
      const handle = async (events: readonly { subject: string; id: string }[]): Promise<void> => {
        for (const event of events) if (event.subject === subject) seen.push(event.id.slice(run.length + 1));
      };
      const bus = openBus();
      const handlers = [{ topic: BILLING_TOPIC, batched: true, handle }];
      const settings = { attempts: 3, backoffMs: 2, sessionMs: 6_000 };
      const group = new KafkaGroup({ groupId: randomUUID(), handlers, bus, logger, metrics, ...settings });
      await group.start();
      while (seen.length < number) await sleep(20);
      await group.stop();
      await bus.close();
      return seen;
    };

    it('are each published once and in order by processes that take turns, though each fences the other', async () => {
      const expected: string[] = [];
      for (let round = 0; round < 6; round += 1) {
        const ids = [`${round}-a`, `${round}-b`];
        expected.push(...ids);
        await keep(...ids);
        await processes[round % 2]!.outbox.publish();
        expect(await processes[0]!.rows.query('SELECT FROM reporting.billing_outbox')).toEqual([]);
      }
      expect(await published(expected.length)).toEqual(expected);
    });

    it('are published again under the same id by the next process, where one dies before it forgets them', async () => {
      const [first, second] = [processes[0]!, processes[1]!];
      await keep('again');
      const publish = first.bus.publish.bind(first.bus);
      const dying = jest.spyOn(first.bus, 'publish').mockImplementation(async (topic, events) => {
        await publish(topic, events);
        await second.rows.query(
          `SELECT pg_terminate_backend(pid) FROM pg_locks
           WHERE locktype = 'advisory' AND pid <> pg_backend_pid() AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        );
      });
      await expect(first.outbox.publish()).rejects.toThrow();
      dying.mockRestore();
      expect(await second.rows.query('SELECT FROM reporting.billing_outbox')).toHaveLength(1);
      await second.outbox.publish();
      expect(await second.rows.query('SELECT FROM reporting.billing_outbox')).toEqual([]);
      expect((await published(14)).slice(12)).toEqual(['again', 'again']);
    });
  });
});
