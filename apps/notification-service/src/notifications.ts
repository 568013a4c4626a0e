import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { LICENSE_EXPIRY_QUEUE } from '@allotree/contracts';
import { JobQueues, LOGGER, type Job, type Logger } from '@allotree/platform';
import { MailDelivery } from './delivery/mail-delivery.js';
import { Doorbell } from './doorbell.js';
import { Ledger } from './mails/ledger.js';
import { Postman } from './mails/postman.js';
import { Addressing } from './notices/addressing.js';
import { CollectNotice } from './notices/collect-notice/collect-notice.job.js';

/** Jobs taken in at once: each is one insert. */
const CONCURRENCY = 16;
const LOOK_AGAIN_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;
const IDLE_PAUSE_MS = 50;
/** So long mails in hand may take when the process stops; then they fail, and go out after the next start. */
const STOP_GRACE_MS = 5_000;

/** Keeps everything going, from a job of `license-expiry` to the mail that is out. */
@Injectable()
export class Notifications {
  private readonly addressBell = new Doorbell();
  private readonly postBell = new Doorbell();
  private loops: Promise<unknown> = Promise.resolve();
  private stopped = false;
  private hurrying = false;

  constructor(
    private readonly jobs: JobQueues,
    private readonly notice: CollectNotice,
    private readonly addressing: Addressing,
    private readonly postman: Postman,
    private readonly ledger: Ledger,
    private readonly delivery: MailDelivery,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  start(): void {
    this.jobs.work<unknown>(LICENSE_EXPIRY_QUEUE, (job) => this.takeIn(job), { concurrency: CONCURRENCY });
    this.loops = Promise.all([
      this.loop(this.addressBell, () => this.address()),
      this.loop(this.postBell, () => this.post()),
    ]);
  }

  /** Ends what is in hand and takes no more. Job workers have stopped before. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    const grace = new AbortController();
    const waited = sleep(STOP_GRACE_MS, undefined, { signal: grace.signal }).catch(() => undefined);
    await Promise.race([this.loops, waited]);
    grace.abort();
    await this.delivery.close();
    await this.loops;
  }

  /** There may be something to do. */
  wake(): void {
    this.addressBell.ring();
    this.postBell.ring();
  }

  /**
   * Resolves when everything that is queued by now is out, as far as that is possible now: mails do not wait for more of
   * the day meanwhile; those that failed, or whose recipient has had enough for this hour, do.
   */
  async whenIdle(): Promise<void> {
    while (!this.stopped) {
      // First everything in its mails, so that what belongs together goes together.
      if (await this.isFiling()) this.addressBell.ring();
      else if ((await this.ledger.underWay()) > 0) this.hurry();
      else return;
      await sleep(IDLE_PAUSE_MS);
    }
  }

  /** The next round takes mails that wait for more of the day, too. */
  private hurry(): void {
    this.hurrying = true;
    this.postBell.ring();
  }

  private async takeIn(job: Job<unknown>): Promise<void> {
    await this.notice.collect(job);
    this.addressBell.ring();
  }

  private async address(): Promise<number> {
    const addressed = await this.addressing.step();
    if (addressed > 0) this.postBell.ring();
    return addressed;
  }

  private post(): Promise<number> {
    const hurry = this.hurrying;
    this.hurrying = false;
    return this.postman.round(hurry);
  }

  /** Something is on its way from the queue into the mails. */
  private async isFiling(): Promise<boolean> {
    const { waiting, active } = await this.jobs.queue(LICENSE_EXPIRY_QUEUE).counts();
    return waiting + active > 0 || (await this.addressing.waiting()) > 0;
  }

  /** Works until there is nothing to do, then waits for news; after a failure a while longer each time. */
  private async loop(bell: Doorbell, work: () => Promise<number>): Promise<void> {
    for (let failures = 0; !this.stopped;) {
      try {
        if ((await work()) === 0) await bell.wait(LOOK_AGAIN_MS);
        failures = 0;
      } catch (error) {
        failures += 1;
        this.logger.error({ err: error }, 'notifications are held up; trying again');
        await bell.wait(Math.min(LOOK_AGAIN_MS * 2 ** failures, LONGEST_PAUSE_MS));
      }
    }
  }
}
