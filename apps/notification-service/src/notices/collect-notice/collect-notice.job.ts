import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { LicenseExpiryJob } from '@allotree/contracts';
import { GiveUp, type Job } from '@allotree/platform';
import type { DataSource } from 'typeorm';
import { NOTIFICATIONS } from '../../tokens.js';

/** Takes a job of `license-expiry` in: once, by its id. What becomes of it is no business of the queue any more. */
@Injectable()
export class CollectNotice {
  constructor(@InjectDataSource(NOTIFICATIONS) private readonly dataSource: DataSource) {}

  async collect({ id, data }: Pick<Job<unknown>, 'id' | 'data'>): Promise<void> {
    const job = LicenseExpiryJob.safeParse(data);
    if (!job.success) throw new GiveUp(`not a job of this queue: ${job.error.message}`);
    await this.dataSource.query(
      `INSERT INTO notifications.notice (notice_id, job, state) VALUES ($1, $2, 'new') ON CONFLICT (notice_id) DO NOTHING`,
      [id, JSON.stringify(job.data)],
    );
  }
}
