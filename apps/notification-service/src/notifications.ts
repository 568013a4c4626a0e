import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { ACCOUNT_MAILS_QUEUE, LICENSE_EXPIRY_QUEUE } from '@allotree/contracts';
import { LOGGER, Signal, type Logger } from '@allotree/basics';
import { JobQueues, type Job } from '@allotree/jobs';
import { WriteAccountMail } from './account-mails/write-account-mail/write-account-mail.job.js';
import { Ledger } from './mails/ledger.js';
import { MailSender } from './mails/mail-sender.js';
import { RecipientResolver } from './notices/recipient-resolver.js';
import { CollectNotice } from './notices/collect-notice/collect-notice.job.js';

/** Jobs taken in at once: together they are one insert. */
const CONCURRENCY = 100;
const ACCOUNT_MAILS_AT_ONCE = 10;
/** Rounds under way at once: while one waits for the mail server, the other waits for the database. */
const SENDERS = 2;
/** Fewer than this in a round: it waits a moment for more. */
const AT_ONCE = 50;
const GATHER_MS = 50;
const LOOK_AGAIN_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;
const IDLE_PAUSE_MS = 50;
/** So long mails in hand may take when the process stops; then they fail, and go out after the next start. */
const STOP_GRACE_MS = 5_000;

/** Keeps everything going, from a job to the mail that is out. */
@Injectable()
export class Notifications {
  private readonly resolverSignal = new Signal();
  private readonly senderSignals = Array.from({ length: SENDERS }, () => new Signal());
  private loops: Promise<unknown> = Promise.resolve();
  private stopped = false;
  private hurrying = false;

  constructor(
    private readonly jobs: JobQueues,
    private readonly notice: CollectNotice,
    private readonly accountMail: WriteAccountMail,
    private readonly recipientResolver: RecipientResolver,
    private readonly mailSender: MailSender,
    private readonly ledger: Ledger,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  start(): void {
    this.jobs.work<unknown>(LICENSE_EXPIRY_QUEUE, (job) => this.takeIn(job), { concurrency: CONCURRENCY });
    this.jobs.work<unknown>(ACCOUNT_MAILS_QUEUE, (job) => this.write(job), { concurrency: ACCOUNT_MAILS_AT_ONCE });
    this.loops = Promise.all([
      this.loop(this.resolverSignal, () => this.address()),
      ...this.senderSignals.map((signal) => this.loop(signal, () => this.post())),
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
    await this.mailSender.close();
    await this.loops;
  }

  /** There may be something to do. */
  wake(): void {
    this.resolverSignal.notify();
    this.notifySenders();
  }

  /**
   * Resolves when everything that is queued by now is out, as far as that is possible now: mails do not wait for more of
   * the day meanwhile; those that failed, or whose recipient has had enough for this hour, do.
   */
  async whenIdle(): Promise<void> {
    while (!this.stopped) {
      // First everything in its mails, so that what belongs together goes together.
      if (await this.isFiling()) this.resolverSignal.notify();
      else if (await this.ledger.isBusy()) this.hurry();
      else return;
      await sleep(IDLE_PAUSE_MS);
    }
  }

  /** The next round takes mails that wait for more of the day, too. */
  private hurry(): void {
    this.hurrying = true;
    this.notifySenders();
  }

  private async takeIn(job: Job<unknown>): Promise<void> {
    await this.notice.collect(job);
    this.resolverSignal.notify();
  }

  private async write(job: Job<unknown>): Promise<void> {
    await this.accountMail.write(job);
    this.notifySenders();
  }

  private notifySenders(): void {
    for (const signal of this.senderSignals) signal.notify();
  }

  private async address(): Promise<number> {
    const addressed = await this.recipientResolver.step();
    if (addressed > 0) this.notifySenders();
    return addressed;
  }

  private post(): Promise<number> {
    const hurry = this.hurrying;
    this.hurrying = false;
    return this.mailSender.round(hurry);
  }

  /** Something is on its way from the queue into the mails. */
  private async isFiling(): Promise<boolean> {
    if (await this.recipientResolver.isBusy()) return true;
    const queues = [LICENSE_EXPIRY_QUEUE, ACCOUNT_MAILS_QUEUE].map((name) => this.jobs.queue(name).counts());
    const jobs = (await Promise.all(queues)).reduce((sum, { waiting, active }) => sum + waiting + active, 0);
    // A job may have left the queue and become a notice in the meantime.
    return jobs > 0 || (await this.recipientResolver.isBusy());
  }

  /** Works until there is nothing to do, then waits for a signal; after a failure it waits longer each time. */
  private async loop(signal: Signal, work: () => Promise<number>): Promise<void> {
    for (let failures = 0; !this.stopped;) {
      try {
        const done = await work();
        if (done === 0) await signal.wait(LOOK_AGAIN_MS);
        // A little more at once costs much less than a little at a time.
        else if (done < AT_ONCE) await sleep(GATHER_MS);
        failures = 0;
      } catch (error) {
        failures += 1;
        this.logger.error({ err: error }, 'notifications are held up; trying again');
        await signal.wait(Math.min(LOOK_AGAIN_MS * 2 ** failures, LONGEST_PAUSE_MS));
      }
    }
  }
}
