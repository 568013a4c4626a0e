import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { LICENSE_EXPIRY_QUEUE, type LicenseExpiryJob } from '@allotree/contracts';
import { JobQueues, ServiceMetrics, type JobQueue, type JobState } from '@allotree/platform';
import { DataSource, type EntityManager } from 'typeorm';
import { columns } from '../persistence/columns.js';
import { LICENSING } from '../persistence/data-source.js';

export interface ExpiryJob {
  readonly id: string;
  readonly data: LicenseExpiryJob;
}

const AT_ONCE = 500;

/** After how long a job that was handed over is looked for again, by what was found of it the last time. */
const LOOK_AGAIN: Readonly<Record<Exclude<JobState, 'completed' | 'missing'>, string>> = {
  waiting: '1 minute',
  delayed: '1 minute',
  active: '15 seconds',
  // A dead letter: somebody has to do something about it.
  failed: '1 hour',
};
const FIRST_LOOK = '15 seconds';

/**
 * Jobs for the queue `license-expiry`. They are recorded here in the transaction that decides on them, handed over
 * afterwards, and forgotten when the queue says that they are done. One that the queue does not know any more is handed
 * over again: its id is the same, so whoever did it already does nothing.
 */
@Injectable()
export class ExpiryOutbox {
  private readonly queue: JobQueue<LicenseExpiryJob>;

  constructor(
    @InjectDataSource(LICENSING) private readonly dataSource: DataSource,
    jobs: JobQueues,
    metrics: ServiceMetrics,
  ) {
    this.queue = jobs.queue(LICENSE_EXPIRY_QUEUE);
    metrics.watchQueue(this.queue);
  }

  /** Records jobs, in the order of what they are about. One that is recorded already stays as it is. */
  async put(jobs: readonly ExpiryJob[], tx: EntityManager = this.dataSource.manager): Promise<void> {
    if (jobs.length === 0) return;
    const once = [...new Map(jobs.map((job) => [job.id, job])).values()];
    await tx.query(
      `INSERT INTO licensing.expiry_job (job_id, due_at, data)
       SELECT id, at, data FROM unnest($1::text[], $2::timestamptz[], $3::jsonb[]) WITH ORDINALITY AS job(id, at, data, place)
       ORDER BY place ON CONFLICT DO NOTHING`,
      columns(
        once,
        (job) => job.id,
        (job) => job.data.dueAt,
        (job) => JSON.stringify(job.data),
      ),
    );
  }

  /** Hands over what waits, oldest first. @returns how many */
  async handOver(): Promise<number> {
    let handedOver = 0;
    for (;;) {
      const some = await this.handOverSome();
      handedOver += some;
      if (some < AT_ONCE) return handedOver;
    }
  }

  private async handOverSome(): Promise<number> {
    return this.dataSource.transaction(async (tx) => {
      const waiting = await tx.query<{ job_id: string; data: LicenseExpiryJob }[]>(
        `SELECT job_id, data FROM licensing.expiry_job WHERE look_at IS NULL
         ORDER BY due_at, sequence LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED`,
      );
      if (waiting.length === 0) return 0;
      await this.queue.add(waiting.map(({ job_id: id, data }) => ({ id, data })));
      await lookAgain(
        tx,
        waiting.map(({ job_id }) => job_id),
        FIRST_LOOK,
      );
      return waiting.length;
    });
  }

  /** Forgets what is done, and hands over again what the queue has lost. @returns how many were lost */
  async lookAfter(): Promise<number> {
    return this.dataSource.transaction(async (tx) => {
      const handedOver = await tx.query<{ job_id: string }[]>(
        `SELECT job_id FROM licensing.expiry_job WHERE look_at <= now()
         ORDER BY look_at LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED`,
      );
      const ids = handedOver.map(({ job_id }) => job_id);
      const states = await this.queue.states(ids);
      const found = (state: JobState): string[] => ids.filter((_, place) => states[place] === state);
      await forget(tx, found('completed'));
      await lookAgain(tx, found('missing'), null);
      for (const [state, after] of Object.entries(LOOK_AGAIN)) await lookAgain(tx, found(state as JobState), after);
      return found('missing').length;
    });
  }
}

async function forget(tx: EntityManager, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await tx.query(`DELETE FROM licensing.expiry_job WHERE job_id = ANY($1)`, [ids]);
}

/** @param after `null`: it waits to be handed over */
async function lookAgain(tx: EntityManager, ids: readonly string[], after: string | null): Promise<void> {
  if (ids.length === 0) return;
  await tx.query(`UPDATE licensing.expiry_job SET look_at = now() + $2::interval WHERE job_id = ANY($1)`, [ids, after]);
}
