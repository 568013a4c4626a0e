import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { isAccountMail, type MailTypeName, type RenderedMail } from '@allotree/contracts';
import { emailKey } from '@allotree/domain';
import { Clock, CONFIGURATION } from '@allotree/basics';
import { rehearse } from '@allotree/read-models';
import type { DataSource, EntityManager } from 'typeorm';
import type { NotificationConfiguration } from '../configuration.js';
import { mailboxOf } from '../delivery/mailbox.js';
import { NOTIFICATIONS } from '../tokens.js';
import { mailIdentity } from './mail-key.js';

export interface NewMail {
  /** One mail for one key, however often it is queued. */
  readonly key: string;
  readonly mailType: MailTypeName;
  readonly tenantId: string | null;
  readonly recipient: string;
  readonly recipientName?: string;
  readonly content: RenderedMail;
  /** When its link ends, ISO 8601. */
  readonly linkExpiresAt?: string | undefined;
}

/** Mails that somebody asked for by name, written already. */
@Injectable()
export class Mails {
  constructor(
    @InjectDataSource(NOTIFICATIONS) private readonly dataSource: DataSource,
    @Inject(CONFIGURATION) private readonly configuration: NotificationConfiguration,
    private readonly clock: Clock,
  ) {}

  /**
   * Its id in the ledger.
   * @param charge counts a new one, in the same transaction; what it throws, the mail is not queued for
   * @param dryRun checks all of it and queues nothing
   */
  async queue(
    mail: NewMail,
    charge: (tx: EntityManager) => Promise<void> = () => Promise.resolve(),
    dryRun = false,
  ): Promise<string> {
    const { MAIL_FROM } = this.configuration;
    const { mailId, messageId } = mailIdentity(mail.key, mailboxOf(MAIL_FROM)?.address ?? MAIL_FROM);
    const { subject, html, text } = mail.content;
    const transaction = (work: (tx: EntityManager) => Promise<void>): Promise<void> =>
      this.dataSource.transaction(work);
    await rehearse(dryRun, transaction, async (tx) => {
      const inserted: unknown[] = await tx.query(
        `INSERT INTO notifications.mail
           (mail_id, key, message_id, mail_type, status, tenant_id, project_ids, recipient, recipient_key, subject, html,
            text, created_at, written_at, not_before, recipient_name, urgent, link_expires_at)
         VALUES ($1, $2, $3, $4, 'pending', $5, '{}', $6, $7, $8, $9, $10, $11, $11, clock_timestamp(), $12, $13, $14)
         ON CONFLICT (mail_id) DO NOTHING RETURNING mail_id`,
        [
          mailId,
          mail.key,
          messageId,
          mail.mailType,
          mail.tenantId,
          mail.recipient,
          emailKey(mail.recipient),
          subject,
          html,
          text,
          new Date(this.clock.now()),
          mail.recipientName ?? null,
          isAccountMail(mail.mailType),
          mail.linkExpiresAt ?? null,
        ],
      );
      if (inserted.length > 0) await charge(tx);
    });
    return mailId;
  }
}
