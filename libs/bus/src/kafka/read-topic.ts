import { randomUUID } from 'node:crypto';
import type { Admin, Kafka, KafkaMessage } from 'kafkajs';
import { RETRY } from './kafka-settings.js';

/**
 * Everything on a topic at the time of the call, partition by partition. The client reads in consumer groups only: one is created for this
 * read and deleted after it.
 */
export async function readTopic(kafka: Kafka, admin: Admin, topic: string): Promise<readonly KafkaMessage[]> {
  const ends = await admin.fetchTopicOffsets(topic);
  const unread = new Map(
    ends.flatMap(({ partition, low, high }) => (low === high ? [] : [[partition, BigInt(high)] as const])),
  );
  if (unread.size === 0) return [];
  const groupId = `allotree-reader-${randomUUID()}`;
  const consumer = kafka.consumer({
    groupId,
    maxWaitTimeInMs: 200,
    retry: { ...RETRY, restartOnFailure: async () => false },
  });
  const records: KafkaMessage[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      // Also emitted for batches that hold nothing but ends of transactions.
      consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) => {
        if (BigInt(lastOffset) + 1n >= (unread.get(partition) ?? 0n)) unread.delete(partition);
        if (unread.size === 0) resolve();
      });
      consumer.on(consumer.events.CRASH, ({ payload: { error } }) => reject(error));
      const read = async (): Promise<void> => {
        await consumer.connect();
        await consumer.subscribe({ topic, fromBeginning: true });
        await consumer.run({
          autoCommit: false,
          eachBatch: async ({ batch }) => void records.push(...batch.messages),
        });
      };
      read().catch(reject);
    });
  } finally {
    await consumer.disconnect();
    await admin.deleteGroups([groupId]).catch(() => undefined);
  }
  return records;
}
