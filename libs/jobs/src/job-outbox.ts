import type { JobQueue, JobState } from './job-queues.js';

/** Runs a statement and answers with its rows. */
export type Query = <Row>(sql: string, values: readonly unknown[]) => Promise<Row[]>;

export interface JobOutboxSettings<Data> {
  /**
   * With the columns `job_id text`, `data jsonb` and `look_at timestamptz`: null while a job waits to be handed over, then the time of the
   * next check of its state. A row without data is not a job: it is only removed.
   */
  readonly table: string;
  /** The order in which jobs are handed over, as an SQL expression. */
  readonly order: string;
  readonly queue: JobQueue<Data>;
  /** Rows per transaction. */
  readonly batchSize: number;
  /** How long after the hand-over the state of a job is checked first, as an interval. */
  readonly firstCheck: string;
  /** Runs all statements of `work` in one transaction. */
  readonly transaction: <Result>(work: (query: Query) => Promise<Result>) => Promise<Result>;
}

/** When the state of a job is checked again, by its last known state. */
const RECHECK_AFTER: Readonly<Record<Exclude<JobState, 'completed' | 'missing'>, string>> = {
  waiting: '1 minute',
  delayed: '1 minute',
  active: '15 seconds',
  // A dead letter: an operator has to act.
  failed: '1 hour',
};

/**
 * Jobs that were recorded in the transaction that decided on them: they are handed over afterwards, and forgotten when the queue reports
 * them as completed. A job that the queue no longer knows is handed over again with the same id, so a handler that already did it does
 * nothing.
 */
export class JobOutbox<Data> {
  constructor(private readonly settings: JobOutboxSettings<Data>) {}

  /** Hands over the waiting jobs, in order. @returns how many */
  async handOver(): Promise<number> {
    let handedOver = 0;
    for (;;) {
      const some = await this.handOverSome();
      handedOver += some;
      if (some < this.settings.batchSize) return handedOver;
    }
  }

  private handOverSome(): Promise<number> {
    const { table, order, queue, batchSize, firstCheck, transaction } = this.settings;
    return transaction(async (query) => {
      const rows = await query<{ job_id: string; data: Data | null }>(
        `SELECT job_id, data FROM ${table} WHERE look_at IS NULL ORDER BY ${order} LIMIT ${batchSize} FOR UPDATE SKIP LOCKED`,
        [],
      );
      if (rows.length === 0) return 0;
      const jobs = rows.flatMap(({ job_id: id, data }) => (data === null ? [] : [{ id, data }]));
      await queue.add(jobs);
      const none = rows.flatMap(({ job_id, data }) => (data === null ? [job_id] : []));
      await this.forget(query, none);
      const ids = jobs.map(({ id }) => id);
      await this.scheduleCheck(query, ids, firstCheck);
      return rows.length;
    });
  }

  /** Forgets completed jobs, and marks those that the queue has lost to be handed over again. @returns how many were lost */
  reconcile(): Promise<number> {
    const { table, queue, batchSize, transaction } = this.settings;
    return transaction(async (query) => {
      const rows = await query<{ job_id: string }>(
        `SELECT job_id FROM ${table} WHERE look_at <= now() ORDER BY look_at LIMIT ${batchSize} FOR UPDATE SKIP LOCKED`,
        [],
      );
      const ids = rows.map(({ job_id }) => job_id);
      const states = await queue.states(ids);
      const found = (state: JobState): string[] => ids.filter((_, place) => states[place] === state);
      await this.forget(query, found('completed'));
      await this.scheduleCheck(query, found('missing'), null);
      for (const [state, after] of Object.entries(RECHECK_AFTER))
        await this.scheduleCheck(query, found(state as JobState), after);
      return found('missing').length;
    });
  }

  private async forget(query: Query, ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await query(`DELETE FROM ${this.settings.table} WHERE job_id = ANY ($1)`, [ids]);
  }

  /** @param after `null`: the job waits to be handed over */
  private async scheduleCheck(query: Query, ids: readonly string[], after: string | null): Promise<void> {
    if (ids.length === 0) return;
    await query(`UPDATE ${this.settings.table} SET look_at = now() + $2::interval WHERE job_id = ANY ($1)`, [
      ids,
      after,
    ]);
  }
}
