import { setTimeout as sleep } from 'node:timers/promises';
import { deadLetterTopic } from '@allotree/contracts';
import type { Admin } from 'kafkajs';
import type { KafkaSettings } from './kafka-settings.js';

const REPLICAS = 3;
const LOOKS = 50;
const LOOK_MS = 50;

/**
 * Creates what is missing of the topics and of their dead letter topics. Those that are there are left as they are, so an
 * operator may create them otherwise.
 */
export async function createTopics(admin: Admin, topics: readonly string[], settings: KafkaSettings): Promise<void> {
  const wanted = topics.flatMap((topic) => [topic, deadLetterTopic(topic)]);
  const there = new Set(await admin.listTopics());
  const missing = wanted.filter((topic) => !there.has(topic));
  if (missing.length === 0) return;
  const replicationFactor =
    settings.replicationFactor ?? Math.min(REPLICAS, (await admin.describeCluster()).brokers.length);
  // False when somebody else created one of them meanwhile: then the rest is created by the next call.
  const isCreated = await admin.createTopics({
    waitForLeaders: false,
    topics: missing.map((topic) => ({
      topic,
      numPartitions: settings.partitions,
      replicationFactor,
      configEntries: [{ name: 'retention.ms', value: String(settings.retentionMs) }],
    })),
  });
  if (isCreated) await untilLed(admin, missing);
  else await createTopics(admin, topics, settings);
}

/** Brokers hear of a new topic one after the other; who uses it meanwhile tries again. */
async function untilLed(admin: Admin, topics: string[]): Promise<void> {
  for (let look = 0; look < LOOKS; look += 1) {
    const isLed = await admin.fetchTopicMetadata({ topics }).then(
      (metadata) => metadata.topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0)),
      () => false,
    );
    if (isLed) return;
    await sleep(LOOK_MS);
  }
}
