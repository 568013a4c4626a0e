import type { CloudEvent } from '@allotree/contracts';
import type { Logger } from 'pino';
import type { BusMetrics } from './bus-metrics.js';
import type { DeadLetter, DeadLetterFilter } from './dead-letter.js';
import type { Handler } from './topic-handler.js';

/** Publishes integration events onto the bus. */
export abstract class BusPublisher {
  /**
   * Durable when it returns. Events with the same key (`subject`) are delivered at least once, in the order in which they were published;
   * consumers deduplicate them by event id.
   */
  abstract publish(topic: string, events: readonly CloudEvent[]): Promise<void>;
}

/** How far a consumer group lags on one partition of a topic. A topic in PostgreSQL has one partition, 0. */
export interface PartitionLag {
  readonly partition: number;
  /** Messages not handled yet. */
  readonly lag: number;
}

/** The end of a partition of a topic, and the position of a consumer group in it. Comparable within one partition only. */
export interface PartitionProgress {
  readonly partition: number;
  /** Everything published before the call lies before this position. */
  readonly end: bigint;
  /** Every message before this position is handled or filed as a dead letter. */
  readonly handled: bigint;
}

/** A consumer group as a process takes part in it. */
export interface ConsumerGroup {
  readonly groupId: string;
  readonly handlers: readonly Handler[];
  readonly logger: Logger;
  readonly metrics: BusMetrics;
}

/** The consumers of a group, on any bus. */
export interface GroupConsumer {
  /** Resolves once the consumers are running. It does not wait for a bus that does not answer. */
  start(): Promise<void>;
  /** Resolves when the messages in progress are handled and their offsets committed. */
  stop(): Promise<void>;
}

/** The bus as operators use it. */
export abstract class Bus extends BusPublisher {
  /** Creates the missing ones of these topics and their dead letter topics. The first use of a topic does the same. */
  abstract prepare(topics: readonly string[]): Promise<void>;

  /** The part of this process in a consumer group. Not started yet. */
  abstract consumer(group: ConsumerGroup): GroupConsumer;

  /** Rejects when the bus cannot be reached. */
  abstract check(): Promise<void>;

  abstract lag(groupId: string, topic: string): Promise<readonly PartitionLag[]>;

  /**
   * The positions of a consumer group, and the ends of the topic at the time of this call.
   * @param key only the partition of this key, and its end for this key where the backend knows that
   */
  abstract progress(groupId: string, topic: string, key?: string): Promise<readonly PartitionProgress[]>;

  /** Dead letters of the consumer groups that have not been replayed yet, oldest first. */
  abstract deadLetters(topic: string, filter?: DeadLetterFilter): Promise<readonly DeadLetter[]>;

  /**
   * Replays dead letters: publishes each once more on its topic, for the group that failed alone. Calling it again does not replay a letter
   * twice; one that fails again becomes a new dead letter. Returns the replayed letters.
   */
  abstract replay(topic: string, filter?: DeadLetterFilter): Promise<readonly DeadLetter[]>;

  /**
   * Lets a consumer group read a topic again from the beginning. On Kafka no consumer of the group may be running.
   *
   * @throws Error when a consumer of the group is running
   */
  abstract rewind(groupId: string, topic: string): Promise<void>;

  /** Waits until pending events are published. */
  abstract close(): Promise<void>;
}
