import { setTimeout as sleep } from 'node:timers/promises';
import { Partitioners, type Kafka, type Message, type Producer, type RecordMetadata } from 'kafkajs';
import type { PartitionProgress } from '../bus.js';
import { RETRY } from './kafka-settings.js';

/** A batch of one partition has to stay below `message.max.bytes` of the brokers (1 MiB unless changed). */
const SEND_BYTES = 900_000;
/** The size of a message besides its value: headers, key, framing. */
const OVERHEAD_BYTES = 700;
/** An open transaction of a dead process delays readers for this long, unless the next holder comes first. */
const TRANSACTION_TIMEOUT_MS = 15_000;
/** The longest wait for readers to see a committed transaction: brokers abort the open transactions of others after their timeout. */
const READABLE_MS = 2 * TRANSACTION_TIMEOUT_MS;
/** The brokers have usually written the end of a transaction after this time; no other can begin before. */
const MARKER_MS = 3;

export interface TopicMessages {
  readonly topic: string;
  readonly messages: readonly Message[];
}

/** The offset after the last message of each partition that readers of committed messages can see. */
export type ReadableEnds = (topic: string) => Promise<readonly Pick<PartitionProgress, 'partition' | 'end'>[]>;

/**
 * Sends batches in transactions, one after the other, under a transactional id. A later sender with the same id fences this one: brokers
 * refuse its messages from then on, and its open transaction is never read.
 */
export class TransactionalSender {
  private producer: Promise<Producer> | undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly kafka: Kafka,
    private readonly transactionalId: string,
    private readonly readableEnds: ReadableEnds,
  ) {}

  /**
   * Sends all or nothing; durable on all in-sync replicas and readable when it returns. After an error, fencing included, nothing is sent until the next
   * call, which starts anew: the caller knows whether it still holds the lease.
   *
   * @param content called when it is this call's turn and no other sender can send any more
   */
  send(content: () => Promise<readonly TopicMessages[]>): Promise<void> {
    const sent = this.last.then(() => this.sendNow(content));
    this.last = sent.catch(() => undefined);
    return sent;
  }

  async close(): Promise<void> {
    await this.last;
    await this.drop();
  }

  private async sendNow(content: () => Promise<readonly TopicMessages[]>): Promise<void> {
    const producer = await this.connected();
    const sent: RecordMetadata[] = [];
    try {
      const transaction = await producer.transaction();
      for (const { topic, messages } of await content())
        for (const some of bySize(messages))
          sent.push(...(await transaction.send({ topic, messages: some, acks: -1 })));
      await transaction.commit();
    } catch (error) {
      // The next producer under this id ends the transaction; no message of this one can follow.
      await this.drop();
      throw error;
    }
    await this.untilReadable(lastOffsets(sent));
  }

  /** A broker acknowledges a commit before it has marked the end of the transaction on each partition. */
  private async untilReadable(offsets: ReadonlyMap<string, ReadonlyMap<number, bigint>>): Promise<void> {
    const deadline = performance.now() + READABLE_MS;
    for (const [topic, ofTopic] of offsets) {
      const isHidden = async (): Promise<boolean> => {
        const ends = new Map((await this.readableEnds(topic)).map(({ partition, end }) => [partition, end]));
        return [...ofTopic].some(([partition, offset]) => (ends.get(partition) ?? 0n) <= offset);
      };
      while (await isHidden()) {
        if (performance.now() >= deadline) throw new Error(`what was committed to ${topic} is still not readable`);
        await sleep(MARKER_MS);
      }
    }
  }

  private connected(): Promise<Producer> {
    this.producer ??= (async () => {
      const producer = this.kafka.producer({
        transactionalId: this.transactionalId,
        idempotent: true,
        maxInFlightRequests: 1,
        transactionTimeout: TRANSACTION_TIMEOUT_MS,
        createPartitioner: Partitioners.DefaultPartitioner,
        allowAutoTopicCreation: false,
        retry: { ...RETRY, initialRetryTime: MARKER_MS, retries: 12 },
      });
      await producer.connect();
      return producer;
    })();
    this.producer.catch(() => (this.producer = undefined));
    return this.producer;
  }

  private async drop(): Promise<void> {
    const producer = await this.producer?.catch(() => undefined);
    this.producer = undefined;
    await producer?.disconnect().catch(() => undefined);
  }
}

function lastOffsets(sent: readonly RecordMetadata[]): ReadonlyMap<string, ReadonlyMap<number, bigint>> {
  const offsets = new Map<string, Map<number, bigint>>();
  for (const { topicName, partition, baseOffset } of sent) {
    const ofTopic = offsets.get(topicName) ?? new Map<number, bigint>();
    offsets.set(topicName, ofTopic.set(partition, BigInt(baseOffset ?? -1)));
  }
  return offsets;
}

function* bySize(messages: readonly Message[]): Generator<Message[]> {
  let some: Message[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = Buffer.byteLength(message.value ?? '') + OVERHEAD_BYTES;
    if (some.length > 0 && bytes + size > SEND_BYTES) {
      yield some;
      some = [];
      bytes = 0;
    }
    some.push(message);
    bytes += size;
  }
  if (some.length > 0) yield some;
}
