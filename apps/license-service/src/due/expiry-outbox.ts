import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { LICENSE_EXPIRY_QUEUE, type LicenseExpiryJob } from '@allotree/contracts';
import { JobOutbox, JobQueues } from '@allotree/jobs';
import { ServiceMetrics } from '@allotree/service';
import { DataSource, type EntityManager } from 'typeorm';
import { columns } from '../persistence/columns.js';
import { LICENSING } from '../persistence/data-source.js';

export interface ExpiryJob {
  readonly id: string;
  readonly data: LicenseExpiryJob;
}

/** Jobs for the queue `license-expiry`, recorded in the transaction that decides on them. */
@Injectable()
export class ExpiryOutbox {
  private readonly outbox: JobOutbox<LicenseExpiryJob>;

  constructor(
    @InjectDataSource(LICENSING) private readonly dataSource: DataSource,
    jobs: JobQueues,
    metrics: ServiceMetrics,
  ) {
    const queue = jobs.queue<LicenseExpiryJob>(LICENSE_EXPIRY_QUEUE);
    metrics.watchQueue(queue);
    this.outbox = new JobOutbox({
      table: 'licensing.expiry_job',
      order: 'due_at, sequence',
      queue,
      batchSize: 500,
      firstCheck: '15 seconds',
      transaction: (work) => dataSource.transaction((tx) => work((sql, values) => tx.query(sql, [...values]))),
    });
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
  handOver(): Promise<number> {
    return this.outbox.handOver();
  }

  /** Forgets what is done, and hands over again what the queue has lost. @returns how many were lost */
  reconcile(): Promise<number> {
    return this.outbox.reconcile();
  }
}
