import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { CONFIGURATION, LOGGER, type Logger } from '@allotree/basics';
import { JobQueues } from '@allotree/jobs';
import type { DataSource } from 'typeorm';
import { publicUrl } from '@allotree/http';
import type { NotificationConfiguration } from '../configuration.js';
import { Mails } from '../mails/mails.js';
import { ADMINISTRATORS } from '../notices/recipients.js';
import { webhookValuesOf, type DisabledEndpoint } from '../templates/values.js';
import { Templates } from '../templates/templates.js';
import { NOTIFICATIONS } from '../tokens.js';
import { mailLanguageOf } from '../wording/languages.js';
import { WebhookSender } from './webhook-sender.js';

/** For what a killed process left undone. */
const EVERY_MS = 60_000;
const AT_ONCE = 100;

interface DueRow extends Omit<DisabledEndpoint, 'disabledAt'> {
  readonly tenantId: string;
  readonly disabledAt: Date;
}

interface Recipient {
  readonly email: string;
  readonly name: string;
  readonly language: string | null;
}

const DUE = `
  SELECT endpoint_id AS "endpointId", tenant_id AS "tenantId", url, description, disabled_reason AS reason,
    disabled_at AS "disabledAt"
  FROM notifications.webhook_endpoint WHERE mail_due AND status = 'disabled' AND tenant_id IS NOT NULL ORDER BY disabled_at LIMIT ${AT_ONCE}`;

/** The administrators of the tenant. One who is deactivated is no recipient (E5). */
const RECIPIENTS = `
  WITH known AS (
    SELECT user_id, email, name FROM notifications.partner_administrator
    WHERE partner_id = $1 AND NOT removed AND role = ANY ($2)
  ), chosen AS (
    SELECT * FROM known
    UNION ALL
    SELECT administrator_id, administrator_email, administrator_name FROM notifications.partner
    WHERE partner_id = $1 AND administrator_email IS NOT NULL AND NOT EXISTS (SELECT FROM known)
  )
  SELECT chosen.email, chosen.name, account.language
  FROM chosen LEFT JOIN notifications.account USING (user_id) WHERE account.active IS NOT FALSE`;

/** Mails to the administrators of a tenant when one of its webhook endpoints is disabled: once, by the key of the mail. */
@Injectable()
export class DisabledMails implements OnApplicationBootstrap {
  constructor(
    @InjectDataSource(NOTIFICATIONS) private readonly dataSource: DataSource,
    @Inject(CONFIGURATION) private readonly configuration: NotificationConfiguration,
    private readonly templates: Templates,
    private readonly mails: Mails,
    private readonly jobs: JobQueues,
    private readonly sender: WebhookSender,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.sender.onDisabled(() => {
      this.queueAll().catch((error: unknown) =>
        this.logger.warn({ err: error }, 'mails about disabled webhook endpoints are queued later'),
      );
    });
    await this.jobs.every('webhook-disabled-mails', EVERY_MS, () => this.queueAll());
  }

  /** Queues the mails of every endpoint that was disabled; of one that was queued already none. */
  async queueAll(): Promise<void> {
    const due: readonly DueRow[] = await this.dataSource.query(DUE);
    for (const endpoint of due) {
      const recipients: readonly Recipient[] = await this.dataSource.query(RECIPIENTS, [
        endpoint.tenantId,
        ADMINISTRATORS,
      ]);
      for (const recipient of recipients) await this.queue(endpoint, recipient);
      await this.dataSource.query(
        'UPDATE notifications.webhook_endpoint SET mail_due = false WHERE endpoint_id = $1 AND disabled_at = $2',
        [endpoint.endpointId, endpoint.disabledAt],
      );
    }
  }

  private async queue({ tenantId, disabledAt, ...endpoint }: DueRow, { email, name, language: tag }: Recipient) {
    const language = mailLanguageOf(tag);
    const at = disabledAt.toISOString();
    const values = webhookValuesOf(
      { ...endpoint, disabledAt: at },
      { recipientName: name, publicUrl: publicUrl(this.configuration), language },
    );
    const content = await this.templates.render('webhook_disabled', tenantId, { language, values });
    await this.mails.queue({
      key: `webhook disabled|${endpoint.endpointId}|${at}|${email}`,
      mailType: 'webhook_disabled',
      tenantId,
      recipient: email,
      recipientName: name,
      content,
    });
  }
}
