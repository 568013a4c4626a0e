import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { LicenseExpiryJob } from '@allotree/contracts';
import { Batcher } from '@allotree/basics';
import { PermanentJobError, type Job } from '@allotree/jobs';
import type { DataSource } from 'typeorm';
import { NOTIFICATIONS } from '../../tokens.js';

/** Stores a job of `license-expiry` once, by its id. From then on the queue is no longer involved. */
@Injectable()
export class CollectNotice {
  private readonly insertions = new Batcher((notices: readonly { id: string; job: LicenseExpiryJob }[]) =>
    this.insert(notices),
  );

  constructor(@InjectDataSource(NOTIFICATIONS) private readonly dataSource: DataSource) {}

  async collect({ id, data }: Pick<Job<unknown>, 'id' | 'data'>): Promise<void> {
    const job = LicenseExpiryJob.safeParse(data);
    if (!job.success) throw new PermanentJobError(`not a job of this queue: ${job.error.message}`);
    await this.insertions.one({ id, job: job.data });
  }

  private async insert(notices: readonly { id: string; job: LicenseExpiryJob }[]): Promise<undefined[]> {
    await this.dataSource.query(
      `INSERT INTO notifications.notice (notice_id, job, state)
       SELECT given.id, given.job, 'new' FROM json_to_recordset($1::json) AS given (id text, job jsonb)
       ON CONFLICT (notice_id) DO NOTHING`,
      [JSON.stringify(notices)],
    );
    return notices.map(() => undefined);
  }
}
