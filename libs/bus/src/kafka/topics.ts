import { setTimeout as sleep } from 'node:timers/promises';
import { deadLetterTopic } from '@allotree/contracts';
import type { Admin } from 'kafkajs';
import type { KafkaSettings } from './kafka-settings.js';

const REPLICAS = 3;
const LOOKS = 50;
const LOOK_MS = 50;

/**
 * Creates the missing ones of these topics and their dead letter topics. Existing topics are left unchanged, so an operator can create them
 * with other settings.
 */
export async function createTopics(admin: Admin, topics: readonly string[], settings: KafkaSettings): Promise<void> {
  const wanted = topics.flatMap((topic) => [topic, deadLetterTopic(topic)]);
  const there = new Set(await admin.listTopics());
  const missing = wanted.filter((topic) => !there.has(topic));
  if (missing.length === 0) return;
  const replicationFactor =
    settings.replicationFactor ?? Math.min(REPLICAS, (await admin.describeCluster()).brokers.length);
  // False when another process created one of them meanwhile: the next call creates the rest.
  const isCreated = await admin.createTopics({
    waitForLeaders: false,
    topics: missing.map((topic) => ({
      topic,
      numPartitions: settings.partitions,
      replicationFactor,
      configEntries: [{ name: 'retention.ms', value: String(settings.retentionMs) }],
    })),
  });
  if (isCreated) await untilLeadersKnown(admin, missing);
  else await createTopics(admin, topics, settings);
}

/** Brokers learn of a new topic one after the other; a caller that uses it meanwhile retries. */
async function untilLeadersKnown(admin: Admin, topics: string[]): Promise<void> {
  for (let look = 0; look < LOOKS; look += 1) {
    const isLed = await admin.fetchTopicMetadata({ topics }).then(
      (metadata) => metadata.topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0)),
      () => false,
    );
    if (isLed) return;
    await sleep(LOOK_MS);
  }
}
