import type { Queue, Worker } from 'bullmq';

/** When the next tick is further away than this many intervals, the schedule has been lost. */
const INTERVALS_OFF = 5;
const SHORTEST_LOOK_MS = 1_000;

interface Options {
  readonly name: string;
  readonly milliseconds: number;
  readonly queue: Queue;
  /** Handles the ticks of the schedule in this replica. */
  readonly worker: Worker;
  /** Whether the clock of this replica is accurate. */
  readonly isClockAccurate: () => Promise<boolean>;
}

/**
 * A schedule that the replicas share, as seen by one of them. BullMQ dates the next tick by the clock of the replica that takes the
 * previous one, so a replica whose clock is wrong takes none, and the others correct what it left behind.
 */
export class TickSchedule {
  readonly lookEveryMs: number;

  constructor(private readonly options: Options) {
    this.lookEveryMs = Math.max(SHORTEST_LOOK_MS, INTERVALS_OFF * options.milliseconds);
  }

  async start(): Promise<void> {
    if (await this.skipsTicks()) return;
    await this.schedule();
  }

  /** Takes ticks or leaves them to others, and recreates a schedule that was lost or lies far ahead. */
  async look(): Promise<void> {
    const { queue, worker, name, milliseconds } = this.options;
    if (await this.skipsTicks()) return;
    if (worker.isPaused()) await worker.resume();
    const next = (await queue.getJobScheduler(name))?.next ?? 0;
    if (Math.abs(Date.now() - next) <= INTERVALS_OFF * milliseconds) return;
    // BullMQ keeps the date of a tick that already exists.
    if (next > Date.now()) await queue.removeJobScheduler(name);
    await this.schedule();
  }

  /** A running tick is not awaited: it may be the caller. */
  async skipsTicks(): Promise<boolean> {
    const { worker, isClockAccurate } = this.options;
    if (await isClockAccurate()) return false;
    if (!worker.isPaused()) await worker.pause(true);
    return true;
  }

  private async schedule(): Promise<void> {
    const { queue, name, milliseconds } = this.options;
    await queue.upsertJobScheduler(
      name,
      { every: milliseconds },
      { name: 'job', opts: { removeOnComplete: true, removeOnFail: 100 } },
    );
  }
}
