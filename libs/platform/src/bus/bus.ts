import type { CloudEvent } from '@allotree/contracts';
import type { DeadLetter, LetterChoice } from './dead-letter.js';

/** The way out of a service: integration events onto the bus. */
export abstract class BusPublisher {
  /**
   * Durable when it returns. Events of one key (`subject`) are delivered in the order in which they were published, at
   * least once: consumers know an event they have seen by its id.
   */
  abstract publish(topic: string, events: readonly CloudEvent[]): Promise<void>;
}

/** How far a consumer group is behind on one partition of a topic. A topic in PostgreSQL has one partition, 0. */
export interface PartitionLag {
  readonly partition: number;
  /** Messages that are not handled yet. */
  readonly lag: number;
}

/** Where a partition of a topic ends, and how far a consumer group is in it. Comparable within one partition only. */
export interface PartitionProgress {
  readonly partition: number;
  /** Nothing published before the question stands at or behind this position. */
  readonly end: bigint;
  /** Every message before this position is handled: by its handler, or filed as a dead letter. */
  readonly handled: bigint;
}

/** The bus as those see it who run it. */
export abstract class Bus extends BusPublisher {
  /** Creates what is missing of these topics and of their dead letter topics. Whoever uses a topic first does so, too. */
  abstract prepare(topics: readonly string[]): Promise<void>;

  /** Rejects when the bus cannot be reached. */
  abstract check(): Promise<void>;

  abstract lag(groupId: string, topic: string): Promise<readonly PartitionLag[]>;

  /**
   * How far a consumer group is, and where the topic ends at the time of this call.
   * @param key only the partition of this key, and its end for this key where the backend knows that
   */
  abstract progress(groupId: string, topic: string, key?: string): Promise<readonly PartitionProgress[]>;

  /** What consumer groups could not handle and nobody has handed back yet, oldest first. */
  abstract deadLetters(topic: string, choice?: LetterChoice): Promise<readonly DeadLetter[]>;

  /**
   * Hands dead letters back to the groups that failed: onto the topic once more, for that group alone. Each letter once,
   * however often this is asked for; one that fails again becomes a letter again. Returns what was handed back.
   */
  abstract replay(topic: string, choice?: LetterChoice): Promise<readonly DeadLetter[]>;

  /**
   * Lets a consumer group hear a topic again from the beginning. On Kafka no consumer of the group may be running.
   *
   * @throws Error that says so when one is
   */
  abstract rewind(groupId: string, topic: string): Promise<void>;

  /** Waits for what is being published. */
  abstract close(): Promise<void>;
}
