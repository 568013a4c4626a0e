import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '@allotree/basics';
import { BusMetrics } from '@allotree/bus';
import { KafkaBus } from '@allotree/bus/kafka';
import kafkajs from 'kafkajs';
import { Registry } from 'prom-client';
import { startKafka } from '../../../deploy/native/kafka.mjs';
import { MissingProgram } from '../../../deploy/native/server.mjs';
import { withDatabase } from '../database.mjs';
import { interleave, percentile } from '../measure.mjs';
import { placesToAssign, startProduct } from '../product.mjs';
import { row } from '../table.mjs';

const { Kafka, logLevel, Partitioners } = kafkajs;
const TOPIC = 'licensing.events.v1';
const BATCH = 1_000;
const EVERY_MS = 10;

/**
 * The bus on the Kafka of KAFKA_BROKERS, or else on one started for the run: latency until a consumer has an event, and
 * throughput.
 */
export async function run({ server, quick, progress }) {
  const own = process.env.KAFKA_BROKERS ? null : await ownKafka(progress);
  const brokers = process.env.KAFKA_BROKERS ?? own?.address;
  if (brokers === undefined) return [];
  try {
    const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
    return [
      await publishing(kafka, brokers, { quick, progress }),
      ...(await withDatabase(server, 'bench_kafka', (url) => following(kafka, brokers, url, { quick, progress }))),
    ];
  } finally {
    await own?.remove();
  }
}

async function ownKafka(progress) {
  try {
    return await startKafka();
  } catch (error) {
    if (!(error instanceof MissingProgram)) throw error;
    progress(`not taken: ${error.message}`);
    return null;
  }
}

const eventOf = (n) => ({
  specversion: '1.0',
  id: randomUUID(),
  source: '/license-service',
  type: 'allotree.assignment-made.v1',
  subject: `project-${n % 200}`,
  time: '2026-06-01T00:00:00.000Z',
  datacontenttype: 'application/json',
  dataschema: 'urn:allotree:schema:allotree.assignment-made.v1',
  tenantid: 'nordlicht',
  correlationid: randomUUID(),
  causationid: randomUUID(),
  actor: 'user:ada',
  sequence: String(n).padStart(16, '0'),
  data: { projectId: `project-${n % 200}`, assignmentId: randomUUID(), groupId: randomUUID(), resource: 'sip_number' },
});

/** The same message as a plain producer would send it. */
function plainMessage({ data, datacontenttype, ...attributes }) {
  const headers = { 'content-type': datacontenttype };
  for (const [name, value] of Object.entries(attributes)) headers[`ce_${name}`] = value;
  return { key: attributes.subject, value: JSON.stringify(data), headers };
}

async function publishing(kafka, brokers, { quick, progress }) {
  const events = Array.from({ length: quick ? 5 * BATCH : 40 * BATCH }, (_, n) => eventOf(n));
  const topic = `bench-${randomUUID()}`;
  const bus = new KafkaBus({
    settings: {
      brokers: brokers.split(','),
      clientId: `bench-${randomUUID()}`,
      ssl: false,
      sasl: undefined,
      partitions: 12,
      replicationFactor: null,
      retentionMs: 3_600_000,
    },
    logger: createLogger({ service: 'bench', level: 'silent' }),
    metrics: new BusMetrics(new Registry()),
  });
  await bus.publish(topic, events.slice(0, BATCH));
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const perSecond = async (publish) => {
    const start = performance.now();
    for (let from = 0; from < events.length; from += BATCH) await publish(events.slice(from, from + BATCH));
    return (events.length * 1_000) / (performance.now() - start);
  };
  const sides = {
    plain: () => perSecond((some) => producer.send({ topic, acks: -1, messages: some.map(plainMessage) })),
    ours: () => perSecond((some) => bus.publish(topic, some)),
  };
  await interleave(1, sides, (line) => progress(`warm-up, ${line}`));
  const median = await interleave(quick ? 1 : 5, sides, progress);
  await producer.disconnect();
  await bus.close();
  const admin = kafka.admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [topic, `${topic}.dlq`] });
  await admin.disconnect();
  return row({
    figure: `kafka, publishing in batches of ${BATCH.toLocaleString('en-US')}`,
    value: median.ours,
    unit: 'events/s',
    peer: { name: 'kafkajs, idempotent, no transactions', value: median.plain },
    target: { atLeast: 0.5 },
  });
}

/** Time from the response to a request until a consumer has its event, with a request every 10 ms. */
async function following(kafka, brokers, databaseUrl, { quick, progress }) {
  const product = await startProduct(databaseUrl, { KAFKA_BROKERS: brokers });
  const places = await placesToAssign(product, 1);
  const path = (n) => places[n % places.length].path.slice('/api/v1'.length);
  const seen = new Map();
  const consumer = kafka.consumer({ groupId: `bench-${randomUUID()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      if (message.headers.ce_type?.toString() === 'allotree.assignment-made.v1')
        seen.set(JSON.parse(message.value).assignmentId, performance.now());
    },
  });
  const acknowledged = new Map();
  const assign = async (n) => {
    const { assignmentId } = await product.post(`${path(n)}/assignments`, { resource: 'sip_number', label: String(n) });
    acknowledged.set(assignmentId, performance.now());
  };
  const allReceived = async () => {
    while ([...acknowledged.keys()].some((id) => !seen.has(id))) await sleep(5);
  };
  for (let n = 0; n < 50; n++) await assign(n);
  await allReceived();
  acknowledged.clear();
  const requests = [];
  for (let n = 0; n < (quick ? 200 : 2_000); n++) {
    requests.push(assign(n));
    await sleep(EVERY_MS);
  }
  await Promise.all(requests);
  await allReceived();
  const latencies = [...acknowledged].map(([id, at]) => Math.max(0, seen.get(id) - at));
  progress(`${latencies.length} assignments received`);
  await consumer.disconnect();
  await product.stop();
  const [p50, p99] = [percentile(latencies, 0.5), percentile(latencies, 0.99)];
  return [
    row({ figure: 'kafka, from acknowledged to readable, p50', value: p50, unit: 'ms' }),
    row({ figure: 'kafka, from acknowledged to readable, p99', value: p99, unit: 'ms', target: { atMost: 1_000 } }),
  ];
}
