import { emailKey } from '@allotree/domain';
import type { Repository } from 'typeorm';
import type { OutboxRow } from '../persistence/entities.js';
import { MailDelivery, type Mail } from './mail-delivery.js';

/** Keeps mails where they can be read over HTTP, instead of sending them. The same mail again is one mail. */
export class OutboxDelivery extends MailDelivery {
  constructor(private readonly rows: Repository<OutboxRow>) {
    super();
  }

  async deliver({ mailId, messageId, from, to, subject, html, text, writtenAt, about }: Mail): Promise<string> {
    await this.rows
      .createQueryBuilder()
      .insert()
      .values({
        outboxId: mailId,
        messageId,
        sender: from.name === null ? from.address : `${from.name} <${from.address}>`,
        recipient: to.address,
        recipientKey: emailKey(to.address),
        recipientName: to.name,
        subject,
        html,
        text,
        mailType: about.mailType,
        tenantId: about.tenantId,
        projectIds: [...about.projectIds],
        sentAt: new Date(writtenAt),
      })
      .orIgnore()
      .execute();
    return 'kept in the outbox';
  }

  async close(): Promise<void> {
    // There is nothing to let go of.
  }
}
