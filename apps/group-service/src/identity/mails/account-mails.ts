import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { ACCOUNT_MAILS_QUEUE, type AccountMailJob } from '@allotree/contracts';
import { inTransaction, LOGGER, PG_POOL, type Logger } from '@allotree/basics';
import { JobOutbox, JobQueues } from '@allotree/jobs';
import { emailKey } from '@allotree/domain';
import type pg from 'pg';
import { Attempts, MAILS_TO_ADDRESS } from '../sessions/attempts.js';
import { MailQuotas } from './mail-quotas.js';
import type { Visitor } from '../visitor.js';

/** A job that is done is looked for before the queue forgets it. */
const KEEP_COMPLETED_SECONDS = 120;

/**
 * Mails for the queue `account-mails`: recorded in the transaction that decides on them, handed over afterwards, forgotten
 * when the queue says that they are done. They carry secrets, so nothing of them is kept longer.
 */
@Injectable()
export class AccountMails {
  private readonly outbox: JobOutbox<AccountMailJob>;
  private underWay: Promise<unknown> = Promise.resolve();

  constructor(
    @Inject(PG_POOL) pool: pg.Pool,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly attempts: Attempts,
    private readonly quotas: MailQuotas,
    jobs: JobQueues,
  ) {
    this.outbox = new JobOutbox({
      table: 'groups.account_mail',
      order: 'sequence',
      queue: jobs.queue(ACCOUNT_MAILS_QUEUE, { keepCompletedSeconds: KEEP_COMPLETED_SECONDS }),
      batchSize: 200,
      firstCheck: '10 seconds',
      transaction: (work) =>
        inTransaction(pool, (tx) =>
          work(
            async <Row>(sql: string, values: readonly unknown[]) => (await tx.query(sql, [...values])).rows as Row[],
          ),
        ),
    });
  }

  /**
   * Counts a mail that somebody asks for who need not be its recipient. False: the recipient has had enough of them.
   * @throws Problem `RATE_LIMITED` to a network that asks for too many
   */
  async mayWriteTo(email: string, { address }: Pick<Visitor, 'address'>): Promise<boolean> {
    await this.quotas.ofNetwork({ address });
    return (await this.attempts.isEarly(`mails to ${emailKey(email)}`, MAILS_TO_ADDRESS)) === 0;
  }

  /** `null`: a mail that is not sent; recorded all the same, so that it takes as long. */
  async put(tx: pg.Pool | pg.PoolClient, mails: readonly (AccountMailJob | null)[]): Promise<void> {
    await tx.query(
      `INSERT INTO groups.account_mail (job_id, data)
       SELECT id, data FROM unnest($1::text[], $2::jsonb[]) WITH ORDINALITY AS given(id, data, place) ORDER BY place`,
      [mails.map(() => randomUUID()), mails.map((mail) => (mail === null ? null : JSON.stringify(mail)))],
    );
  }

  /** Soon, without making anybody wait; what goes wrong is tried again with the next tick. */
  handOverSoon(): void {
    this.underWay = this.underWay
      .then(() => this.outbox.handOver())
      .catch((error: unknown) =>
        this.logger.warn({ err: error }, 'mails about accounts could not be queued, retrying'),
      );
  }

  /** Hands over what waits, and looks after what was handed over. */
  async tick(): Promise<void> {
    await this.outbox.handOver();
    await this.outbox.reconcile();
  }

  async settled(): Promise<void> {
    await this.underWay;
  }
}
