import { setTimeout as sleep } from 'node:timers/promises';
import { deadLetterTopic, type CloudEvent } from '@allotree/contracts';
import { Partitioners, type Admin, type Kafka, type PartitionMetadata, type Producer } from 'kafkajs';
import type { Logger } from 'pino';
import { Bus, type ConsumerGroup, type GroupConsumer, type PartitionLag, type PartitionProgress } from '../bus.js';
import type { BusMetrics } from '../bus-metrics.js';
import { matchesFilter, type DeadLetter, type Failure, type DeadLetterFilter } from '../dead-letter.js';
import { messageOf } from './binary-mode.js';
import { KafkaGroup } from './kafka-group.js';
import { kafkaClient, RETRY, type KafkaSettings } from './kafka-settings.js';
import { letterMessage, openLetters, replayOf, type FailedRecord, type FiledLetter } from './letters.js';
import { readTopic } from './read-topic.js';
import { createTopics } from './topics.js';
import { TransactionalSender, type ReadableEnds } from './transactional-sender.js';

const ATTEMPTS = 5;
const ATTEMPT_PAUSE_MS = 50;

export interface KafkaBusOptions {
  readonly settings: KafkaSettings;
  readonly logger: Logger;
  readonly metrics: BusMetrics;
}

const partitioner = Partitioners.DefaultPartitioner();

/** The partition to which the producers assign a key. */
const partitionOf = (key: string, partitions: readonly PartitionProgress[]): number =>
  partitioner({
    topic: '',
    partitionMetadata: partitions.map(({ partition }) => ({ partitionId: partition }) as PartitionMetadata),
    message: { key, value: null },
  });

/** The client's error classes cannot be imported by name. */
const isTransient = (error: unknown): boolean =>
  error instanceof Error && error.name === 'KafkaJSProtocolError' && 'retriable' in error && error.retriable === true;

/**
 * The bus on Kafka. A topic has one publisher in the system, the subscription that holds its lease. Its transactional id is therefore that
 * of the topic, and a holder that was paused while another took over is fenced.
 */
export class KafkaBus extends Bus {
  readonly kafka: Kafka;
  private readonly senders = new Map<string, TransactionalSender>();
  private readonly prepared = new Map<string, Promise<void>>();
  private connectedAdmin: Promise<Admin> | undefined;
  private letterProducer: Promise<Producer> | undefined;

  constructor(private readonly options: KafkaBusOptions) {
    super();
    this.kafka = kafkaClient(options.settings, options.logger);
  }

  consumer(group: ConsumerGroup): GroupConsumer {
    return new KafkaGroup({ ...group, bus: this });
  }

  async prepare(topics: readonly string[]): Promise<void> {
    for (const topic of topics) await this.prepareTopic(topic);
  }

  private async prepareTopic(topic: string): Promise<void> {
    const preparing =
      this.prepared.get(topic) ?? this.withAdmin((admin) => createTopics(admin, [topic], this.options.settings));
    this.prepared.set(topic, preparing);
    try {
      await preparing;
    } catch (error) {
      this.prepared.delete(topic);
      throw error;
    }
  }

  async check(): Promise<void> {
    await this.withAdmin((admin) => admin.describeCluster());
  }

  async publish(topic: string, events: readonly CloudEvent[]): Promise<void> {
    if (events.length === 0) return;
    await this.prepareTopic(topic);
    const messages = events.map(messageOf);
    await this.options.metrics.measurePublish(topic, events.length, () =>
      this.senderOf(topic).send(() => Promise.resolve([{ topic, messages }])),
    );
  }

  async lag(groupId: string, topic: string): Promise<readonly PartitionLag[]> {
    const progress = await this.progress(groupId, topic);
    return progress.map(({ partition, end, handled }) => ({ partition, lag: Number(end - handled) }));
  }

  /**
   * Ends of transactions take offsets on a topic, too, so the handled position can be slightly before the end although everything is
   * handled.
   */
  async progress(groupId: string, topic: string, key?: string): Promise<readonly PartitionProgress[]> {
    const all = await this.withAdmin(async (admin) => {
      const [ends, offsets] = await Promise.all([
        admin.fetchTopicOffsets(topic),
        admin.fetchOffsets({ groupId, topics: [topic] }),
      ]);
      const committed = new Map(
        offsets.flatMap(({ partitions }) => partitions.map(({ partition, offset }) => [partition, offset] as const)),
      );
      return ends.map(({ partition, low, high }) => {
        const offset = BigInt(committed.get(partition) ?? -1);
        return { partition, end: BigInt(high), handled: offset < 0n ? BigInt(low) : offset };
      });
    });
    if (key === undefined) return all;
    const own = partitionOf(key, all);
    return all.filter(({ partition }) => partition === own);
  }

  async deadLetters(topic: string, filter: DeadLetterFilter = {}): Promise<readonly DeadLetter[]> {
    const filed = await this.filedLetters(topic);
    return filed.map(({ letter }) => letter).filter((letter) => matchesFilter(letter, filter));
  }

  /** The replayed messages and the notes that they were replayed are sent in one transaction; concurrent replays take turns. */
  async replay(topic: string, filter: DeadLetterFilter = {}): Promise<readonly DeadLetter[]> {
    let replayed: readonly FiledLetter[] = [];
    await this.senderOf(`dlq.${topic}`).send(async () => {
      replayed = (await this.filedLetters(topic)).filter(({ letter }) => matchesFilter(letter, filter));
      const handedBack = replayed.map(replayOf);
      return [
        { topic, messages: handedBack.map(({ message }) => message) },
        { topic: deadLetterTopic(topic), messages: handedBack.map(({ note }) => note) },
      ];
    });
    return replayed.map(({ letter }) => letter);
  }

  async rewind(groupId: string, topic: string): Promise<void> {
    await this.withAdmin((admin) => admin.resetOffsets({ groupId, topic, earliest: true }));
  }

  /** Files a message of a consumer group, possibly more than once: readers deduplicate by id. */
  async fileLetter(record: FailedRecord, failure: Failure): Promise<void> {
    const producer = await this.connectedLetterProducer();
    await producer.send({ topic: deadLetterTopic(record.topic), messages: [letterMessage(record, failure)], acks: -1 });
  }

  async close(): Promise<void> {
    await Promise.all([...this.senders.values()].map((sender) => sender.close()));
    await this.dropAdmin();
    const producer = await this.letterProducer?.catch(() => undefined);
    await producer?.disconnect();
  }

  private async ends(topic: string): ReturnType<ReadableEnds> {
    const ends = await this.withAdmin((admin) => admin.fetchTopicOffsets(topic));
    return ends.map(({ partition, high }) => ({ partition, end: BigInt(high) }));
  }

  private async filedLetters(topic: string): Promise<readonly FiledLetter[]> {
    const letters = deadLetterTopic(topic);
    const records = await this.withAdmin(async (admin) =>
      (await admin.listTopics()).includes(letters) ? readTopic(this.kafka, admin, letters) : [],
    );
    return openLetters(records);
  }

  private senderOf(name: string): TransactionalSender {
    const known = this.senders.get(name);
    if (known !== undefined) return known;
    const sender = new TransactionalSender(this.kafka, `${this.options.settings.clientId}.${name}`, (topic) =>
      this.ends(topic),
    );
    this.senders.set(name, sender);
    return sender;
  }

  private connectedLetterProducer(): Promise<Producer> {
    this.letterProducer ??= (async () => {
      const producer = this.kafka.producer({
        createPartitioner: Partitioners.DefaultPartitioner,
        allowAutoTopicCreation: false,
        retry: RETRY,
      });
      await producer.connect();
      return producer;
    })();
    this.letterProducer.catch(() => (this.letterProducer = undefined));
    return this.letterProducer;
  }

  /** Errors while leaders change or a topic has just been created are transient. */
  private async withAdmin<Result>(work: (admin: Admin) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.onAdmin(work);
      } catch (error) {
        if (attempt === ATTEMPTS || !isTransient(error)) throw error;
        await sleep(ATTEMPT_PAUSE_MS * attempt);
      }
    }
  }

  /** A connection is not reused after an error. */
  private async onAdmin<Result>(work: (admin: Admin) => Promise<Result>): Promise<Result> {
    this.connectedAdmin ??= (async () => {
      const admin = this.kafka.admin({ retry: RETRY });
      await admin.connect();
      return admin;
    })();
    try {
      return await work(await this.connectedAdmin);
    } catch (error) {
      await this.dropAdmin();
      throw error;
    }
  }

  private async dropAdmin(): Promise<void> {
    const admin = await this.connectedAdmin?.catch(() => undefined);
    this.connectedAdmin = undefined;
    await admin?.disconnect().catch(() => undefined);
  }
}
