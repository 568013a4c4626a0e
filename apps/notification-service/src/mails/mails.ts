import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { MailTypeName, RenderedMail } from '@allotree/contracts';
import { Clock, CONFIGURATION } from '@allotree/platform';
import type { DataSource } from 'typeorm';
import type { NotificationConfiguration } from '../configuration.js';
import { emailKey, mailboxOf } from '../delivery/mailbox.js';
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
}

/** Mails that somebody asked for by name, written already. */
@Injectable()
export class Mails {
  constructor(
    @InjectDataSource(NOTIFICATIONS) private readonly dataSource: DataSource,
    @Inject(CONFIGURATION) private readonly configuration: NotificationConfiguration,
    private readonly clock: Clock,
  ) {}

  /** Its id in the ledger. */
  async queue({ key, mailType, tenantId, recipient, recipientName, content }: NewMail): Promise<string> {
    const { MAIL_FROM } = this.configuration;
    const { mailId, messageId } = mailIdentity(key, mailboxOf(MAIL_FROM)?.address ?? MAIL_FROM);
    const { subject, html, text } = content;
    await this.dataSource.query(
      `INSERT INTO notifications.mail
         (mail_id, key, message_id, mail_type, status, tenant_id, project_ids, recipient, recipient_key, subject, html,
          text, created_at, written_at, not_before, recipient_name)
       VALUES ($1, $2, $3, $4, 'pending', $5, '{}', $6, $7, $8, $9, $10, $11, $11, clock_timestamp(), $12)
       ON CONFLICT (mail_id) DO NOTHING`,
      [
        mailId,
        key,
        messageId,
        mailType,
        tenantId,
        recipient,
        emailKey(recipient),
        subject,
        html,
        text,
        new Date(this.clock.now()),
        recipientName ?? null,
      ],
    );
    return mailId;
  }
}
