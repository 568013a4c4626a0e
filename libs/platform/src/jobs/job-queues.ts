/** Work to be done later, by whichever replica is free. */
export interface NewJob<Data> {
  /**
   * Follows from what the job is about, so that adding it again changes nothing while the queue knows it. Letters, digits,
   * `_` and `-`.
   */
  readonly id: string;
  /** A JSON value. */
  readonly data: Data;
}

export interface Job<Data> extends NewJob<Data> {
  /** 1 at first. */
  readonly attempt: number;
  /** Fails this attempt, the job is filed as failed. */
  readonly isLastAttempt: boolean;
}

/** `missing`: the queue does not know it, or no longer. */
export type JobState = 'waiting' | 'delayed' | 'active' | 'completed' | 'failed' | 'missing';

/** A dead letter: its attempts are used up, or it gave up. */
export interface FailedJob<Data> extends NewJob<Data> {
  readonly attempts: number;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly failedAt: number;
}

export interface JobCounts {
  readonly waiting: number;
  readonly delayed: number;
  readonly active: number;
  readonly completed: number;
  readonly failed: number;
}

export interface RetrySettings {
  /** How often a job is tried at most. Default 8. */
  readonly attempts?: number;
  /** The pause after the first failure, in milliseconds; it doubles with each. Default 1,000. */
  readonly firstPauseMs?: number;
  /** How long a job that is done is still known, with what it carried. Default a day. */
  readonly keepCompletedSeconds?: number;
}

export interface JobQueue<Data> {
  readonly name: string;
  /**
   * The store has them when it returns, though one that crashes may lose the last moments: what must not be lost is
   * recorded elsewhere until its job is done, and added again. Jobs are worked off in the order in which they were added;
   * one whose id is known is left as it is. Rejects soon when the store is away; whether it has them is not known then.
   */
  add(jobs: readonly NewJob<Data>[]): Promise<void>;
  /** One for each id, in their order. A completed job is known for a day, a failed one for good. */
  states(ids: readonly string[]): Promise<readonly JobState[]>;
  counts(): Promise<JobCounts>;
  /** Dead letters, the newest first. */
  failed(page: { readonly offset: number; readonly limit: number }): Promise<readonly FailedJob<Data>[]>;
  /** Lets a dead letter be tried again, with all its attempts; false when there is none with that id. */
  retry(id: string): Promise<boolean>;
}

export interface WorkerSettings {
  /** How many jobs this process works on at once. Default 1. */
  readonly concurrency?: number;
  /** How long a job of a process that was killed waits before another takes it, in milliseconds. Default 30,000. */
  readonly lockMs?: number;
}

/** Thrown by a handler: another attempt would end the same way. */
export class GiveUp extends Error {
  override readonly name = 'GiveUp';
}

/**
 * Queues of jobs. At least once: a handler may see a job again whose process was killed, or whose queue was lost and filled
 * anew, so what it does must be harmless twice. Losing the queue's store must lose nothing that cannot be added again.
 */
export abstract class JobQueues {
  /** Rejects when the queues cannot be reached. */
  abstract check(): Promise<void>;
  /** The same queue for the same name; `retry` counts where it is named first. */
  abstract queue<Data>(name: string, retry?: RetrySettings): JobQueue<Data>;
  /** Works off a queue from now on, until it is stopped. What the handler throws is tried again, later and later. */
  abstract work<Data>(name: string, handler: (job: Job<Data>) => Promise<void>, settings?: WorkerSettings): void;
  /**
   * Calls `tick` every so many milliseconds in one of the replicas that ask for it (now and then in two of them at once). A
   * schedule that was lost is made again. A replica whose clock is wrong does not take part.
   */
  abstract every(name: string, milliseconds: number, tick: () => Promise<void>): Promise<void>;
  /** Finishes the jobs under way and takes no more. Queues can still be added to. */
  abstract stopWorking(): Promise<void>;
  /** Stops working and lets go of the connections. */
  abstract close(): Promise<void>;
}
