import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { ACCOUNT_MAILS_QUEUE, type AccountMailJob } from '@allotree/contracts';
import {
  inTransaction,
  JobQueues,
  LOGGER,
  PG_POOL,
  type JobQueue,
  type JobState,
  type Logger,
} from '@allotree/platform';
import { emailKey } from '@allotree/domain';
import type pg from 'pg';
import { Attempts, MAILS_OF_NETWORK, MAILS_TO_ADDRESS } from './attempts.js';
import { networkOf, type Visitor } from './visitor.js';

const AT_ONCE = 200;
const FIRST_LOOK = '10 seconds';
/** A job that is done is looked for before the queue forgets it. */
const KEEP_COMPLETED_SECONDS = 120;
const LOOK_AGAIN: Readonly<Record<Exclude<JobState, 'completed' | 'missing'>, string>> = {
  waiting: '1 minute',
  delayed: '1 minute',
  active: '15 seconds',
  failed: '1 hour',
};

/**
 * Mails for the queue `account-mails`: recorded in the transaction that decides on them, handed over afterwards, forgotten
 * when the queue says that they are done. They carry secrets, so nothing of them is kept longer.
 */
@Injectable()
export class AccountMails {
  private readonly queue: JobQueue<AccountMailJob>;
  private underWay: Promise<unknown> = Promise.resolve();

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly attempts: Attempts,
    jobs: JobQueues,
  ) {
    this.queue = jobs.queue(ACCOUNT_MAILS_QUEUE, { keepCompletedSeconds: KEEP_COMPLETED_SECONDS });
  }

  /**
   * Counts a mail that somebody asks for who need not be its recipient. False: the recipient has had enough of them.
   * @throws Problem `RATE_LIMITED` to a network that asks for too many
   */
  async mayWriteTo(email: string, { address }: Pick<Visitor, 'address'>): Promise<boolean> {
    await this.attempts.take(`mails of ${networkOf(address)}`, MAILS_OF_NETWORK);
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
      .then(() => this.handOver())
      .catch((error: unknown) => this.logger.warn({ err: error }, 'mails about accounts wait for their queue'));
  }

  /** Hands over what waits, and looks after what was handed over. */
  async tick(): Promise<void> {
    await this.handOver();
    await this.lookAfter();
  }

  async settled(): Promise<void> {
    await this.underWay;
  }

  private async handOver(): Promise<void> {
    for (let some = AT_ONCE; some === AT_ONCE;) some = await inTransaction(this.pool, (tx) => this.handOverSome(tx));
  }

  private async handOverSome(tx: pg.PoolClient): Promise<number> {
    const { rows } = await tx.query<{ job_id: string; data: AccountMailJob | null }>(
      `SELECT job_id, data FROM groups.account_mail WHERE look_at IS NULL
       ORDER BY sequence LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED`,
    );
    const jobs = rows.flatMap(({ job_id: id, data }) => (data === null ? [] : [{ id, data }]));
    await this.queue.add(jobs);
    await forget(
      tx,
      rows.filter(({ data }) => data === null).map(({ job_id }) => job_id),
    );
    await lookAgain(
      tx,
      jobs.map(({ id }) => id),
      FIRST_LOOK,
    );
    return rows.length;
  }

  private async lookAfter(): Promise<void> {
    await inTransaction(this.pool, async (tx) => {
      const { rows } = await tx.query<{ job_id: string }>(
        `SELECT job_id FROM groups.account_mail WHERE look_at <= now()
         ORDER BY look_at LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED`,
      );
      const ids = rows.map(({ job_id }) => job_id);
      const states = await this.queue.states(ids);
      const found = (state: JobState): string[] => ids.filter((_, place) => states[place] === state);
      await forget(tx, found('completed'));
      // Its id is the same: if it was done after all, nothing happens.
      await lookAgain(tx, found('missing'), null);
      for (const [state, after] of Object.entries(LOOK_AGAIN)) await lookAgain(tx, found(state as JobState), after);
    });
  }
}

async function forget(tx: pg.PoolClient, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await tx.query('DELETE FROM groups.account_mail WHERE job_id = ANY ($1)', [ids]);
}

/** @param after `null`: it waits to be handed over */
async function lookAgain(tx: pg.PoolClient, ids: readonly string[], after: string | null): Promise<void> {
  if (ids.length === 0) return;
  await tx.query('UPDATE groups.account_mail SET look_at = now() + $2::interval WHERE job_id = ANY ($1)', [ids, after]);
}
