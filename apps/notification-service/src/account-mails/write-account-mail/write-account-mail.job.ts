import { Inject, Injectable } from '@nestjs/common';
import { AccountMailJob } from '@allotree/contracts';
import { CONFIGURATION } from '@allotree/basics';
import { PermanentJobError, type Job } from '@allotree/jobs';
import { publicUrl } from '@allotree/http';
import type { NotificationConfiguration } from '../../configuration.js';
import { Mails } from '../../mails/mails.js';
import { accountValuesOf } from '../../templates/values.js';
import { mailLanguageOf } from '../../wording/languages.js';
import { Templates } from '../../templates/templates.js';

/** Writes the mail of a job of `account-mails`, in the vendor's words (P3), and queues it: once, by the id of the job. */
@Injectable()
export class WriteAccountMail {
  constructor(
    private readonly templates: Templates,
    private readonly mails: Mails,
    @Inject(CONFIGURATION) private readonly configuration: NotificationConfiguration,
  ) {}

  async write({ id, data }: Pick<Job<unknown>, 'id' | 'data'>): Promise<void> {
    const job = AccountMailJob.safeParse(data);
    if (!job.success) throw new PermanentJobError(`not a job of this queue: ${job.error.message}`);
    const { mailType, to, name, expiresAt } = job.data;
    const language = mailLanguageOf(job.data.language);
    const values = accountValuesOf(job.data, { publicUrl: publicUrl(this.configuration), language });
    const content = await this.templates.render(mailType, null, { language, values });
    // Belongs to no tenant: otherwise a reader of a tenant's mails could follow the link of another user.
    const mail = { mailType, tenantId: null, recipient: to, recipientName: name, content, linkExpiresAt: expiresAt };
    await this.mails.queue({ key: `account|${id}`, ...mail });
  }
}
