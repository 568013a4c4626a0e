import { DelayedError, UnrecoverableError, type Job as BullJob, type Queue, type Worker } from 'bullmq';
import { isTemporary } from '@allotree/basics';
import { inSpan } from '@allotree/tracing';
import { SpanKind } from '@opentelemetry/api';
import type { Logger } from 'pino';
import { openJobBackend, type JobBackend, type JobStore } from './job-backend.js';
import {
  PermanentJobError,
  JobQueues,
  type FailedJob,
  type Job,
  type JobCounts,
  type JobQueue,
  type JobState,
  type NewJob,
  type RetrySettings,
  type WorkerSettings,
} from './job-queues.js';
import { TickSchedule } from './tick-schedule.js';

/** A completed job is still known by its id for a day. BullMQ would check a maximum count after every job. */
const KEEP_COMPLETED_SECONDS = 86_400;
/** All jobs have the same kind. */
const NAME = 'job';
const IDS_AT_ONCE = 50;
const QUIET_MS = 10_000;
/** The pause before a job is tried again because a backend was away, as a multiple of the first pause of the queue. */
const AWAY_PAUSES = 5;

export interface BullMqOptions extends JobStore {
  readonly logger: Pick<Logger, 'warn'> & Partial<Pick<Logger, 'debug'>>;
  /** Whether the clock of this machine is accurate: otherwise it takes no ticks. Unset: always. */
  readonly isClockAccurate?: () => Promise<boolean>;
}

/** Queues kept by BullMQ, in PostgreSQL or Redis. */
export class BullMqJobQueues extends JobQueues {
  private readonly backend: JobBackend;
  private readonly logger: Pick<Logger, 'warn'> & Partial<Pick<Logger, 'debug'>>;
  private readonly queues = new Map<string, BullMqJobQueue<unknown>>();
  private readonly workers: Worker[] = [];
  private readonly watches: NodeJS.Timeout[] = [];
  private readonly quietUntil = new Map<string, number>();
  private readonly isClockAccurate: () => Promise<boolean>;
  private closing: Promise<void> | undefined;

  constructor({ logger, isClockAccurate = () => Promise.resolve(true), ...store }: BullMqOptions) {
    super();
    this.logger = logger;
    this.isClockAccurate = isClockAccurate;
    this.backend = openJobBackend(store);
  }

  check(): Promise<void> {
    return this.backend.check();
  }

  queue<Data>(name: string, retry?: RetrySettings): JobQueue<Data> {
    return this.known(name, retry) as JobQueue<Data>;
  }

  work<Data>(name: string, handler: (job: Job<Data>) => Promise<void>, settings?: WorkerSettings): void {
    this.worker(name, handler, settings);
  }

  private worker<Data>(
    name: string,
    handler: (job: Job<Data>) => Promise<void>,
    { concurrency = 1, lockMs = 30_000 }: WorkerSettings = {},
  ): Worker {
    const settings = { concurrency, lockDuration: lockMs, stalledInterval: lockMs, maxStalledCount: 1_000 };
    const worker = this.backend.worker(name, (job, token) => this.handled(name, { job, token }, handler), settings);
    worker.on('error', (error) => this.complain(error, name));
    worker.on('failed', (job, error) =>
      this.logger.warn({ err: error, queue: name, job: job?.id, attempt: job?.attemptsMade }, 'a job failed'),
    );
    worker.on('completed', (job) => this.logger.debug?.({ queue: name, job: job.id }, 'job done'));
    this.workers.push(worker);
    return worker;
  }

  private async handled<Data>(
    queue: string,
    { job, token }: { readonly job: BullJob; readonly token: string | undefined },
    handler: (job: Job<Data>) => Promise<void>,
  ): Promise<void> {
    const { attempts = 1, backoff } = job.opts;
    const attempt = job.attemptsMade + 1;
    const id = job.id ?? '';
    const work = () => handler({ id, data: job.data as Data, attempt, isLastAttempt: attempt >= attempts });
    try {
      await traced(queue, job, work);
    } catch (error) {
      if (error instanceof PermanentJobError) throw new UnrecoverableError(error.message);
      if (attempts === 1 || !isTemporary(error)) throw error;
      // While a backend is away, every job would fail: waiting uses up no attempt.
      this.complain(error, queue);
      await job.moveToDelayed(Date.now() + AWAY_PAUSES * pauseOf(backoff), token);
      throw new DelayedError();
    }
  }

  async every(name: string, milliseconds: number, tick: () => Promise<void>): Promise<void> {
    const { queue } = this.known(name, { attempts: 1 });
    const worker = this.worker(name, async () => {
      if (!(await schedule.skipsTicks())) await tick();
    });
    const { isClockAccurate } = this;
    const schedule = new TickSchedule({ name, milliseconds, queue, worker, isClockAccurate });
    const attempt = async (work: () => Promise<void>): Promise<void> => {
      await this.whenAvailable(work).catch((error: unknown) => this.complain(error, name));
    };
    // Where the store is unavailable now, the check below does it later.
    await attempt(() => schedule.start());
    const look = (): void => {
      attempt(() => schedule.look()).catch(() => undefined);
    };
    const watch = setInterval(look, schedule.lookEveryMs);
    this.watches.push(watch.unref());
  }

  async stopWorking(): Promise<void> {
    for (const watch of this.watches.splice(0)) clearInterval(watch);
    // A job whose completion cannot be stored is not waited for: it runs again.
    const isAway = await this.check().then(
      () => false,
      () => true,
    );
    await Promise.all(this.workers.splice(0).map((worker) => worker.close(isAway)));
  }

  close(): Promise<void> {
    this.closing ??= (async () => {
      await this.stopWorking();
      await Promise.all([...this.queues.values()].map(({ queue }) => queue.close()));
      await this.backend.close();
    })();
    return this.closing;
  }

  /** BullMQ waits indefinitely for an unavailable store. */
  private async whenAvailable<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.check();
    return work();
  }

  private known(
    name: string,
    { attempts = 8, firstPauseMs = 1_000, keepCompletedSeconds = KEEP_COMPLETED_SECONDS }: RetrySettings = {},
  ): BullMqJobQueue<unknown> {
    let known = this.queues.get(name);
    if (!known) {
      const backoff = { type: 'exponential', delay: firstPauseMs };
      const queue = this.backend.queue(name, {
        defaultJobOptions: { attempts, backoff, removeOnComplete: { age: keepCompletedSeconds }, removeOnFail: false },
      });
      queue.on('error', (error) => this.complain(error, name));
      known = new BullMqJobQueue(name, queue, () => this.check());
      this.queues.set(name, known);
    }
    return known;
  }

  /** An unavailable store is logged now and then, not on every attempt to reach it. */
  private complain(error: unknown, queue: string): void {
    const now = performance.now();
    if (this.closing !== undefined || now < (this.quietUntil.get(queue) ?? 0)) return;
    this.quietUntil.set(queue, now + QUIET_MS);
    this.logger.warn({ err: error, queue }, 'a job queue failed, retrying');
  }
}

class BullMqJobQueue<Data> implements JobQueue<Data> {
  constructor(
    readonly name: string,
    readonly queue: Queue,
    private readonly check: () => Promise<void>,
  ) {}

  async add(jobs: readonly NewJob<Data>[]): Promise<void> {
    if (jobs.length === 0) return;
    await this.check();
    await this.queue.addBulk(jobs.map(({ id, data }) => ({ name: NAME, data, opts: { jobId: id } })));
  }

  async states(ids: readonly string[]): Promise<readonly JobState[]> {
    await this.check();
    const states: JobState[] = [];
    for (let from = 0; from < ids.length; from += IDS_AT_ONCE) {
      const some = ids.slice(from, from + IDS_AT_ONCE);
      states.push(
        ...(await Promise.all(some.map(async (id) => STATES[await this.queue.getJobState(id)] ?? 'missing'))),
      );
    }
    return states;
  }

  async counts(): Promise<JobCounts> {
    await this.check();
    const { waiting = 0, prioritized = 0, paused = 0, ...counts } = await this.queue.getJobCounts();
    const { delayed = 0, active = 0, completed = 0, failed = 0 } = counts;
    return { waiting: waiting + prioritized + paused, delayed, active, completed, failed };
  }

  async failed({
    offset,
    limit,
  }: {
    readonly offset: number;
    readonly limit: number;
  }): Promise<readonly FailedJob<Data>[]> {
    const jobs = await this.queue.getFailed(offset, offset + limit - 1);
    return jobs.map((job) => ({
      id: job.id ?? '',
      data: job.data as Data,
      attempts: job.attemptsMade,
      reason: job.failedReason,
      failedAt: job.finishedOn ?? job.timestamp,
    }));
  }

  async retry(id: string): Promise<boolean> {
    const job = (await this.queue.getJob(id)) as BullJob | undefined;
    if (!job || (await job.getState()) !== 'failed') return false;
    await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
    return true;
  }
}

const STATES: Readonly<Record<string, JobState>> = {
  waiting: 'waiting',
  prioritized: 'waiting',
  paused: 'waiting',
  'waiting-children': 'waiting',
  delayed: 'delayed',
  active: 'active',
  completed: 'completed',
  failed: 'failed',
};

/** A job that was caused by a request continues its trace. */
const traced = (queue: string, { id = '', data }: BullJob, work: () => Promise<void>): Promise<void> => {
  const parent = (data as { readonly traceparent?: string } | null)?.traceparent;
  if (parent === undefined) return work();
  const attributes = { 'messaging.destination.name': queue, 'messaging.message.id': id };
  return inSpan(`job ${queue}`, { kind: SpanKind.CONSUMER, parent, attributes }, work);
};

const pauseOf = (backoff: BullJob['opts']['backoff']): number =>
  typeof backoff === 'object' ? (backoff.delay ?? 0) : (backoff ?? 0);
