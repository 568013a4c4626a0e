import { deadLetterTopic } from '@allotree/contracts';
import type { Admin } from 'kafkajs';
import type { KafkaSettings } from './kafka-settings.js';

const REPLICAS = 3;

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
    topics: missing.map((topic) => ({
      topic,
      numPartitions: settings.partitions,
      replicationFactor,
      configEntries: [{ name: 'retention.ms', value: String(settings.retentionMs) }],
    })),
  });
  if (!isCreated) await createTopics(admin, topics, settings);
}
