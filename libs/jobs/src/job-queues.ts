/** Work to be done later, by any free replica. */
export interface NewJob<Data> {
  /**
   * Derived from the subject of the job, so that adding it again changes nothing while the queue knows it. Letters, digits, `_` and `-`.
   */
  readonly id: string;
  /** A JSON value. */
  readonly data: Data;
}

export interface Job<Data> extends NewJob<Data> {
  /** Starts at 1. */
  readonly attempt: number;
  /** If this attempt fails, the job is filed as failed. */
  readonly isLastAttempt: boolean;
}

/** `missing`: the queue does not know the job, or no longer. */
export type JobState = 'waiting' | 'delayed' | 'active' | 'completed' | 'failed' | 'missing';

/** A dead letter: its attempts are used up, or its handler gave up. */
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
  /** The maximum number of attempts. Default 8. */
  readonly attempts?: number;
  /** The pause after the first failure, in milliseconds; it doubles with each failure. Default 1,000. */
  readonly firstPauseMs?: number;
  /** How long a completed job and its data are kept. Default a day. */
  readonly keepCompletedSeconds?: number;
}

export interface JobQueue<Data> {
  readonly name: string;
  /**
   * The store has the jobs when this returns, though a crash of the store may lose the last moments: jobs that must not be lost are
   * recorded elsewhere until they are done, and added again. Jobs are processed in the order in which they were added; a known id is left
   * unchanged. Rejects soon when the store is unavailable; whether it has the jobs is unknown then.
   */
  add(jobs: readonly NewJob<Data>[]): Promise<void>;
  /** One for each id, in the same order. A completed job is known for a day, a failed one forever. */
  states(ids: readonly string[]): Promise<readonly JobState[]>;
  counts(): Promise<JobCounts>;
  /** Dead letters, the newest first. */
  failed(page: { readonly offset: number; readonly limit: number }): Promise<readonly FailedJob<Data>[]>;
  /** Retries a dead letter, with all its attempts; false when there is none with that id. */
  retry(id: string): Promise<boolean>;
}

export interface WorkerSettings {
  /** Jobs that this process handles concurrently. Default 1. */
  readonly concurrency?: number;
  /** How long a job of a killed process waits before another takes it, in milliseconds. Default 30,000. */
  readonly lockMs?: number;
}

/** Thrown by a handler when another attempt would end the same way. */
export class PermanentJobError extends Error {
  override readonly name = 'PermanentJobError';
}

/**
 * Queues of jobs, delivered at least once: a handler can see a job again after its process was killed, or after the queue was lost and
 * refilled, so handlers are idempotent. Losing the queue's store loses nothing that cannot be added again.
 */
export abstract class JobQueues {
  /** Rejects when the queues cannot be reached. */
  abstract check(): Promise<void>;
  /** The same queue for the same name; `retry` is taken from the first call. */
  abstract queue<Data>(name: string, retry?: RetrySettings): JobQueue<Data>;
  /** Processes a queue from now on, until it is stopped. A job whose handler throws is retried with a growing backoff. */
  abstract work<Data>(name: string, handler: (job: Job<Data>) => Promise<void>, settings?: WorkerSettings): void;
  /**
   * Calls `tick` at the given interval in one of the replicas that registered it (occasionally in two at once). A lost schedule is created
   * again. A replica whose clock is wrong does not take part.
   */
  abstract every(name: string, milliseconds: number, tick: () => Promise<void>): Promise<void>;
  /** Finishes the running jobs and takes no more. Queues can still be added to. */
  abstract stopWorking(): Promise<void>;
  /** Stops working and closes the connections. */
  abstract close(): Promise<void>;
}
