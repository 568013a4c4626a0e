import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { deadLetterTopic, type CloudEvent } from '@allotree/contracts';
import { busContract, busEvent, describeOn, startOwnKafka, type Consumption } from '@allotree/testing';
import { Registry } from 'prom-client';
import { createLogger } from '@allotree/basics';
import { BusMetrics } from '../bus-metrics.js';
import { KafkaBus, KafkaGroup, type KafkaSettings } from './kafka.js';
import { readTopic } from './read-topic.js';
import { until } from '@allotree/testing/until';

jest.setTimeout(90_000);

const logger = createLogger({ service: 'spec', level: 'silent' });

const settingsOf = (brokers: string): KafkaSettings => ({
  brokers: brokers.split(','),
  clientId: `spec-${randomUUID()}`,
  ssl: false,
  sasl: undefined,
  partitions: 3,
  replicationFactor: null,
  retentionMs: -1,
});

/** The shortest session that a broker accepts by default: specs wait until one has expired. */
const SESSION_MS = 6_000;

interface Opened {
  readonly bus: KafkaBus;
  readonly metrics: BusMetrics;
  readonly registry: Registry;
}

const buses: KafkaBus[] = [];

function openBus(settings: KafkaSettings): Opened {
  const registry = new Registry();
  const metrics = new BusMetrics(registry);
  const bus = new KafkaBus({ settings, logger, metrics });
  buses.push(bus);
  return { bus, metrics, registry };
}

afterEach(async () => {
  await Promise.all(buses.splice(0).map((bus) => bus.close()));
});

async function consume({ bus, metrics }: Opened, { groupId, topic, batched = false, handle }: Consumption) {
  const handlers = [{ topic, batched, handle }];
  const settings = { attempts: 3, backoffMs: 2, sessionMs: SESSION_MS };
  const group = new KafkaGroup({ groupId, handlers, bus, logger, metrics, ...settings });
  await group.start();
  return { stop: () => group.stop() };
}

const idOf = ([event]: readonly CloudEvent[]): string => event?.id ?? '';
const numbered = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => busEvent(`k${(from + index) % 7}`, `e${from + index}`));

describeOn('ALLOTREE_TEST_KAFKA_BROKERS', (brokers) => {
  busContract('Kafka', async () => {
    const opened = openBus(settingsOf(brokers));
    const { bus } = opened;
    // Unique names, since the brokers may be shared.
    const run = randomUUID().slice(0, 8);
    const own = (name: string) => `${run}.${name}`;
    const theirs = <Letter extends { group: string }>(letters: readonly Letter[]): Letter[] =>
      letters.map((letter) => ({ ...letter, group: letter.group.replace(`${run}.`, '') }));
    const choice = (chosen?: { group?: string | undefined }) =>
      chosen?.group === undefined ? chosen : { ...chosen, group: own(chosen.group) };
    return {
      publish: (topic, events) => bus.publish(own(topic), events),
      consume: (group) => consume(opened, { ...group, topic: own(group.topic), groupId: own(group.groupId) }),
      rewind: (groupId, topic) => bus.rewind(own(groupId), own(topic)),
      deadLetters: async (topic, chosen) => theirs(await bus.deadLetters(own(topic), choice(chosen))),
      replay: async (topic, chosen) => theirs(await bus.replay(own(topic), choice(chosen))),
      lag: async (groupId, topic) => (await bus.lag(own(groupId), own(topic))).reduce((sum, { lag }) => sum + lag, 0),
      progress: (groupId, topic, key) => bus.progress(own(groupId), own(topic), key),
      close: () => Promise.resolve(),
    };
  });

  describe('the bus on Kafka', () => {
    let topic: string;
    let settings: KafkaSettings;
    let opened: Opened;
    const stops: (() => Promise<void>)[] = [];

    const following = async (groupId: string, handle: Consumption['handle'], on = opened) => {
      const { stop } = await consume(on, { groupId, topic, handle });
      stops.push(stop);
      return stop;
    };

    beforeEach(() => {
      topic = `spec-${randomUUID()}`;
      settings = settingsOf(brokers);
      opened = openBus(settings);
    });
    afterEach(async () => {
      await Promise.all(stops.splice(0).map((stop) => stop()));
    });

    const everything = async (name: string) => {
      const admin = opened.bus.kafka.admin();
      await admin.connect();
      // A broker may not know yet that it leads a topic that has just been created.
      for (;;) {
        const records = await readTopic(opened.bus.kafka, admin, name).catch(() => null);
        if (records === null) continue;
        await admin.disconnect();
        return records;
      }
    };

    it('writes the binary mode of CloudEvents, with the subject as the key', async () => {
      const event = { ...busEvent('projekt-ü', 'e1', { text: 'ü' }), traceparent: '00-1-2-01' };
      await opened.bus.publish(topic, [event]);
      const [record] = await everything(topic);
      const headers = Object.entries(record?.headers ?? {}).map(([name, value]) => [name, String(value)]);
      expect(record?.key?.toString()).toBe('projekt-ü');
      expect(record?.value?.toString()).toBe('{"text":"ü"}');
      expect(Object.fromEntries(headers)).toEqual({
        'content-type': 'application/json',
        ce_specversion: '1.0',
        ce_id: 'e1',
        ce_source: '/group-service',
        ce_type: 'allotree.groups-placed.v1',
        ce_subject: 'projekt-ü',
        ce_time: '2026-06-01T00:00:00.000Z',
        ce_dataschema: 'urn:allotree:schema:groups-placed:v1',
        ce_tenantid: 'nordlicht',
        ce_correlationid: 'correlation-of-e1',
        ce_actor: 'user:u1',
        ce_traceparent: '00-1-2-01',
      });
    });

    it('creates missing topics and leaves existing ones unchanged', async () => {
      const admin = opened.bus.kafka.admin();
      await admin.connect();
      await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
      await opened.bus.prepare([topic]);
      await openBus(settings).bus.prepare([topic]);
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic, deadLetterTopic(topic)] });
      expect(topics.map(({ name, partitions }) => [name, partitions.length]).sort()).toEqual([
        [topic, 1],
        [deadLetterTopic(topic), 3],
      ]);
      await admin.disconnect();
    });

    it('files a message that is no event of this system at once, unchanged, and reads the structured mode', async () => {
      const seen: CloudEvent[] = [];
      await opened.bus.prepare([topic]);
      // Idempotent and with a partition of its own: a repeated request of a plain producer would add the message without a key again.
      const producer = opened.bus.kafka.producer({ idempotent: true });
      await producer.connect();
      const { tenantid: _absent, ...structured } = busEvent('a', 'structured');
      const bytes = Buffer.from([0xff, 0x00, 0x7b]);
      await producer.send({
        topic,
        messages: [
          { key: 'a', value: bytes, headers: { ce_id: 'bytes', foreign: 'kept' } },
          { key: 'a', value: '{"no":"envelope"}' },
          { key: null, value: null, partition: 0 },
          {
            key: 'a',
            value: JSON.stringify(structured),
            headers: { 'Content-Type': 'application/cloudevents+json; charset=utf-8' },
          },
        ],
      });
      await opened.bus.publish(topic, [busEvent('a', 'last')]);
      await following('g', async (events) => void seen.push(...events));
      await until(() => seen.length === 2);
      expect(seen).toEqual([{ ...busEvent('a', 'structured'), tenantid: null }, busEvent('a', 'last')]);
      await until(async () => (await opened.bus.deadLetters(topic)).length === 3);
      const letters = await opened.bus.deadLetters(topic);
      expect(letters.map(({ attempts, event, group }) => ({ attempts, event, group }))).toEqual(
        Array.from({ length: 3 }, () => ({ attempts: 0, event: null, group: 'g' })),
      );
      const filed = (await everything(deadLetterTopic(topic))).find(
        ({ headers }) => String(headers?.['ce_id']) === 'bytes',
      );
      expect(filed?.value).toEqual(bytes);
      expect(String(filed?.headers?.['foreign'])).toBe('kept');
      expect(String(filed?.headers?.['dlq-error'])).toMatch(/^SyntaxError/);
      await producer.disconnect();
    });

    it('refuses messages of a publisher that was overtaken by another, until it starts a new transaction', async () => {
      const other = openBus(settings);
      await opened.bus.publish(topic, [busEvent('a', 'first')]);
      await other.bus.publish(topic, [busEvent('a', 'second')]);
      await expect(opened.bus.publish(topic, [busEvent('a', 'late')])).rejects.toThrow();
      // The publisher may hold the lease again: then the other one is fenced.
      await opened.bus.publish(topic, [busEvent('a', 'third')]);
      await expect(other.bus.publish(topic, [busEvent('a', 'lost')])).rejects.toThrow();
      const seen: string[] = [];
      await following('g', async (events) => void seen.push(idOf(events)));
      await until(() => seen.includes('third'));
      expect(seen).toEqual(['first', 'second', 'third']);
    });

    it('loses nothing and keeps the order of a key while consumers come and go under load', async () => {
      const total = 1_400;
      const seen: string[] = [];
      const handle: Consumption['handle'] = async (events) => {
        await sleep(1);
        seen.push(idOf(events));
      };
      const publishing = (async () => {
        for (let from = 0; from < total; from += 50) await opened.bus.publish(topic, numbered(50, from));
      })();
      await following('g', handle);
      await until(() => seen.length > 100);
      const second = await following('g', handle, openBus(settings));
      await until(() => seen.length > 400);
      await second();
      await following('g', handle, openBus(settings));
      await publishing;
      await until(async () => new Set(seen).size === total);
      const firsts = [...new Set(seen)].map((id) => Number(id.slice(1)));
      for (let key = 0; key < 7; key += 1) {
        const ofKey = firsts.filter((number) => number % 7 === key);
        expect(ofKey).toEqual([...ofKey].sort((one, other) => one - other));
      }
      await until(async () => (await opened.bus.lag('g', topic)).every(({ lag }) => lag === 0));
    });

    it('resumes the messages of a consumer that was killed', async () => {
      await opened.bus.publish(topic, numbered(20));
      const script = `
        import { createLogger } from '@allotree/basics';
        import { BusMetrics } from '@allotree/bus';
        import { KafkaBus, KafkaGroup } from '@allotree/bus/kafka';
        import { Registry } from 'prom-client';
        const metrics = new BusMetrics(new Registry());
        const logger = createLogger({ service: 'spec', level: 'silent' });
        const bus = new KafkaBus({ settings: ${JSON.stringify(settings)}, logger, metrics });
        const handle = () => { process.stdout.write('working'); return new Promise(() => undefined); };
        await new KafkaGroup({ groupId: 'g', handlers: [{ topic: '${topic}', batched: false, handle }], bus, logger, metrics, sessionMs: ${SESSION_MS} }).start();`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        cwd: import.meta.dirname,
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, NODE_OPTIONS: '' },
      });
      await once(child.stdout, 'data');
      child.kill('SIGKILL');
      await once(child, 'exit');
      const seen: string[] = [];
      await following('g', async (events) => void seen.push(idOf(events)));
      await until(() => new Set(seen).size === 20);
      expect([...new Set(seen)].sort()).toEqual(
        numbered(20)
          .map(({ id }) => id)
          .sort(),
      );
    });

    it('keeps its place in the group while a message is retried for longer than the session timeout', async () => {
      const seen: string[] = [];
      let joins = 0;
      const group = new KafkaGroup({
        groupId: 'g',
        handlers: [
          {
            topic,
            batched: false,
            handle: async ([event]) => {
              seen.push(event?.id ?? '');
              if (event?.id === 'slow') await sleep(1.25 * SESSION_MS);
            },
          },
        ],
        bus: opened.bus,
        logger,
        metrics: opened.metrics,
        sessionMs: SESSION_MS,
      });
      const { kafka } = opened.bus;
      const consumerOf = kafka.consumer.bind(kafka);
      jest.spyOn(kafka, 'consumer').mockImplementation((config) => {
        const consumer = consumerOf(config);
        consumer.on(consumer.events.GROUP_JOIN, () => (joins += 1));
        return consumer;
      });
      await opened.bus.publish(topic, [busEvent('a', 'slow'), busEvent('a', 'next')]);
      await group.start();
      stops.push(() => group.stop());
      await until(() => seen.includes('next'));
      expect(seen).toEqual(['slow', 'next']);
      expect(joins).toBe(1);
    });

    it('reports its metrics', async () => {
      const handle: Consumption['handle'] = async ([event]) => {
        if (event?.id === 'bad') throw new Error('bad');
      };
      await opened.bus.publish(topic, [busEvent('a', 'good'), busEvent('a', 'bad')]);
      const stop = await following('g', handle);
      await until(async () => (await opened.bus.lag('g', topic)).every(({ lag }) => lag === 0));
      await stop();
      await opened.bus.publish(topic, [busEvent('a', 'waiting')]);
      // The end of a transaction takes an offset, too, which counts from the time it is written.
      let text = '';
      await until(async () => {
        const behind = (await opened.bus.lag('g', topic)).find(({ lag }) => lag > 0);
        text = await opened.registry.metrics();
        const labels = `group="g",topic="${topic}",partition="${behind?.partition}"`;
        return text.includes(`bus_consumer_lag{${labels}} ${behind?.lag}\n`);
      });
      for (const line of [
        `bus_events_handled_total{group="g",topic="${topic}"} 1`,
        `bus_handling_failures_total{group="g",topic="${topic}"} 3`,
        `bus_dead_letters_total{group="g",topic="${topic}"} 1`,
        `bus_events_published_total{topic="${topic}"} 3`,
        `bus_publish_duration_seconds_count{topic="${topic}"} 2`,
      ])
        expect(text.split('\n')).toContain(line);
    });
  });

  describe('the bus on a Kafka that becomes unavailable', () => {
    let stopServer: () => Promise<void> = () => Promise.resolve();
    afterAll(() => stopServer());

    it('publishes and delivers everything once the broker is back', async () => {
      const server = await startOwnKafka();
      stopServer = () => server.remove();
      const topic = 'spec.events.v1';
      const opened = openBus(settingsOf(server.address));
      const seen: string[] = [];
      const consumer = await consume(opened, {
        groupId: 'g',
        topic,
        handle: async (events) => void seen.push(idOf(events)),
      });
      await opened.bus.publish(topic, numbered(10));
      await until(() => new Set(seen).size === 10);
      await server.kill();
      await expect(opened.bus.check()).rejects.toThrow();
      await expect(opened.bus.publish(topic, numbered(10, 10))).rejects.toThrow();
      await server.start();
      await until(() =>
        opened.bus.publish(topic, numbered(10, 10)).then(
          () => true,
          () => false,
        ),
      );
      await until(() => new Set(seen).size === 20);
      await opened.bus.check();
      await consumer.stop();
    });
  });
});
