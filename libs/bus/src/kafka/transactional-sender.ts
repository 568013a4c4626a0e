import { Partitioners, type Kafka, type Message, type Producer } from 'kafkajs';
import { RETRY } from './kafka-settings.js';

/** A batch of one partition has to stay below `message.max.bytes` of the brokers (1 MiB unless changed). */
const SEND_BYTES = 900_000;
/** The size of a message besides its value: headers, key, framing. */
const OVERHEAD_BYTES = 700;
/** An open transaction of a dead process delays readers for this long, unless the next holder comes first. */
const TRANSACTION_TIMEOUT_MS = 15_000;

/** The brokers have usually written the end of a transaction after this time; no other can begin before. */
const MARKER_MS = 3;

export interface TopicMessages {
  readonly topic: string;
  readonly messages: readonly Message[];
}

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
  ) {}

  /**
   * Sends all or nothing; durable on all in-sync replicas when it returns. After an error, fencing included, nothing is sent until the next
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
    try {
      const transaction = await producer.transaction();
      for (const { topic, messages } of await content())
        for (const some of bySize(messages)) await transaction.send({ topic, messages: some, acks: -1 });
      await transaction.commit();
    } catch (error) {
      // The next producer under this id ends the transaction; no message of this one can follow.
      await this.drop();
      throw error;
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
