import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, EachBatchPayload, KafkaMessage } from 'kafkajs';
import type { Logger } from 'pino';
import type { BusMetrics } from '../bus-metrics.js';
import type { GroupConsumer } from '../bus.js';
import type { Received } from '../received.js';
import { TopicHandler, type Handler, type HandlingSettings } from '../topic-handler.js';
import { receivedRecord } from './binary-mode.js';
import type { KafkaBus } from './kafka-bus.js';
import { RETRY } from './kafka-settings.js';

export interface KafkaGroupOptions extends HandlingSettings {
  readonly groupId: string;
  readonly handlers: readonly Handler[];
  readonly bus: KafkaBus;
  readonly logger: Logger;
  readonly metrics: BusMetrics;
  /** After this long without a heartbeat, the partitions of a process are assigned to others. Default: 10,000 ms. */
  readonly sessionMs?: number;
}

interface Message extends Received {
  readonly partition: number;
  readonly record: KafkaMessage;
}

const SESSION_MS = 10_000;
const HEARTBEAT_MS = 1_000;
/** The longest a message in progress may take once the partitions are to be revoked. */
const REBALANCE_MS = 60_000;
/** The longest a stop waits for the client to leave its group: during a rebalance, it can wait for a minute. */
const LEAVE_MS = 15_000;
const PARTITIONS_AT_ONCE = 4;
const KEYS_AT_ONCE = 8;
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 5_000;

/** One process's part of a consumer group on Kafka: one consumer for all topics of the group. */
export class KafkaGroup implements GroupConsumer {
  private readonly topicHandlers: ReadonlyMap<string, TopicHandler<Message>>;
  private readonly log: Logger;
  private readonly stopping = new AbortController();
  /** The batches in progress. */
  private readonly batches = new Map<AbortController, Promise<void>>();
  private endSession: () => void = () => undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly options: KafkaGroupOptions) {
    this.log = options.logger.child({ group: options.groupId });
    this.topicHandlers = new Map(options.handlers.map((handler) => [handler.topic, this.topicHandler(handler)]));
  }

  start(): Promise<void> {
    const { bus, groupId, handlers, metrics } = this.options;
    for (const { topic } of handlers) metrics.watch(bus, groupId, topic);
    this.running = this.run();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    for (const batch of this.batches.keys()) batch.abort();
    this.endSession();
    await this.running;
  }

  private topicHandler(handler: Handler): TopicHandler<Message> {
    const { groupId, bus } = this.options;
    return new TopicHandler<Message>({
      concurrency: KEYS_AT_ONCE,
      ...this.options,
      handler,
      fileDeadLetter: ({ partition, record }, failure) =>
        bus.fileLetter({ groupId, topic: handler.topic, partition, offset: record.offset, record }, failure),
    });
  }

  /** Runs one consumer after the other until the group stops: a consumer that crashed is not reused. */
  private async run(): Promise<void> {
    const { signal } = this.stopping;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        await this.consume(() => (failures = 0));
      } catch (error) {
        const pause = Math.min(FIRST_BACKOFF_MS * 2 ** failures, LONGEST_BACKOFF_MS);
        // One failure is usual: coordinators load when a broker has started.
        this.log[failures === 0 ? 'info' : 'warn']({ err: error, pause }, 'the bus consumer failed, restarting it');
        await sleep(pause, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private async consume(joined: () => void): Promise<void> {
    const { bus, groupId, sessionMs = SESSION_MS } = this.options;
    const topics = [...this.topicHandlers.keys()];
    await bus.prepare(topics);
    const consumer = bus.kafka.consumer({
      groupId,
      sessionTimeout: sessionMs,
      heartbeatInterval: HEARTBEAT_MS,
      rebalanceTimeout: REBALANCE_MS,
      maxWaitTimeInMs: 500,
      allowAutoTopicCreation: false,
      readUncommitted: false,
      retry: { ...RETRY, restartOnFailure: () => Promise.resolve(false) },
    });
    consumer.on(consumer.events.GROUP_JOIN, joined);
    try {
      await this.untilStopped(consumer, topics);
    } finally {
      await this.leave(consumer);
    }
  }

  /** A client that has not left in time is given up: its session expires, and after a stop it begins no batch. */
  private async leave(consumer: Consumer): Promise<void> {
    const handled = Promise.allSettled(this.batches.values());
    const left = consumer.disconnect().then(
      () => true,
      () => true,
    );
    await Promise.race([left, handled]);
    if (!(await Promise.race([left, sleep(LEAVE_MS, false, { ref: false })])))
      this.log.warn({ afterMs: LEAVE_MS }, 'the bus consumer could not leave its group in time');
  }

  /** @throws the error with which the consumer crashed */
  private async untilStopped(consumer: Consumer, topics: string[]): Promise<void> {
    const over = new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload: { error } }) => reject(error));
      this.endSession = resolve;
    });
    // Awaited only once the consumer runs.
    over.catch(() => undefined);
    await consumer.connect();
    await consumer.subscribe({ topics, fromBeginning: true });
    await consumer.run({
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
      eachBatch: (payload) => this.handle(payload),
    });
    if (!this.stopping.signal.aborted) await over;
  }

  /** The client commits the resolved offsets when this returns or throws. */
  private async handle(payload: EachBatchPayload): Promise<void> {
    const handler = this.topicHandlers.get(payload.batch.topic);
    if (handler === undefined) throw new Error(`received a batch of ${payload.batch.topic}, which has no handler`);
    // During a rebalance this batch is not begun.
    await payload.heartbeat();
    const stop = new AbortController();
    if (this.stopping.signal.aborted) stop.abort();
    const pulse = new Heartbeat(
      () => payload.heartbeat(),
      () => stop.abort(),
    );
    const handled = handleBatch(payload, handler, stop.signal);
    this.batches.set(stop, handled);
    try {
      await handled;
    } finally {
      this.batches.delete(stop);
      await pulse.stop();
    }
    pulse.throwIfLost();
  }
}

async function handleBatch(
  payload: EachBatchPayload,
  handler: TopicHandler<Message>,
  stop: AbortSignal,
): Promise<void> {
  const { messages, partition } = payload.batch;
  for (let first = 0; first < messages.length && !stop.aborted; first += handler.batchSize) {
    const some = messages.slice(first, first + handler.batchSize);
    const handled = await handler.handleAll(
      some.map((record) => ({ ...receivedRecord(record), partition, record })),
      stop,
    );
    const last = some[handled - 1];
    if (last !== undefined) payload.resolveOffset(last.offset);
  }
}

/** Sends heartbeats to the group's coordinator for as long as a batch takes. */
class Heartbeat {
  private readonly timer: NodeJS.Timeout;
  private beating: Promise<void> = Promise.resolve();
  private lost: { readonly error: unknown } | undefined;

  constructor(
    private readonly heartbeat: () => Promise<void>,
    private readonly onLost: () => void,
  ) {
    this.timer = setInterval(() => this.beat(), HEARTBEAT_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.beating;
  }

  /** @throws the error of the heartbeat when the group has removed this process: the client then joins it again */
  throwIfLost(): void {
    if (this.lost !== undefined) throw this.lost.error;
  }

  private beat(): void {
    this.beating = this.heartbeat().catch((error: unknown) => {
      this.lost ??= { error };
      this.onLost();
    });
  }
}
