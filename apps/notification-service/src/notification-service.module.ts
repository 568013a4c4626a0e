import {
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common';
import { getRepositoryToken, InjectDataSource, TypeOrmModule } from '@nestjs/typeorm';
import { LICENSE_EXPIRY_QUEUE } from '@allotree/contracts';
import { JobQueues, retentionOf } from '@allotree/jobs';
import { poolOf } from '@allotree/read-models';
import { ServiceMetrics } from '@allotree/service';
import { DataSource, type Repository } from 'typeorm';
import { WriteAccountMail } from './account-mails/write-account-mail/write-account-mail.job.js';
import { ACCESS } from './access/access.providers.js';
import { FollowMembershipsController } from './access/follow-memberships/follow-memberships.controller.js';
import { SeenMails } from './access/seen-mails.js';
import type { NotificationConfiguration } from './configuration.js';
import { ListDeliveriesController } from './deliveries/list-deliveries/list-deliveries.controller.js';
import { RetryDeliveryController } from './deliveries/retry-delivery/retry-delivery.controller.js';
import { MailDelivery } from './delivery/mail-delivery.js';
import { OutboxDelivery } from './delivery/outbox-delivery.js';
import { SmtpDelivery } from './delivery/smtp-delivery.js';
import { FollowGroupsController } from './feed/follow-groups/follow-groups.controller.js';
import { ChangeTemplateController } from './mail-templates/change-template/change-template.controller.js';
import { ShowTemplatesController } from './mail-templates/show-templates/show-templates.controller.js';
import { TryTemplateController } from './mail-templates/try-template/try-template.controller.js';
import { TemplateEfforts } from './mail-templates/template-efforts.js';
import { TemplateLanguage } from './mail-templates/template-language.js';
import { TemplateSamples } from './mail-templates/template-samples.js';
import { TemplateTenant } from './mail-templates/template-tenant.js';
import { Ledger } from './mails/ledger.js';
import { Mails } from './mails/mails.js';
import { MailSender } from './mails/mail-sender.js';
import { AccountLanguages } from './mails/account-languages.js';
import { TestMailQuotas } from './mails/test-mail-quotas.js';
import { Writer } from './mails/writer.js';
import { RecipientResolver } from './notices/recipient-resolver.js';
import { CollectNotice } from './notices/collect-notice/collect-notice.job.js';
import { Notifications } from './notifications.js';
import { notificationPolicies } from './retention.js';
import { ShowOutboxController } from './outbox/show-outbox/show-outbox.controller.js';
import { dataSourceOptions, openDataSource } from './persistence/data-source.js';
import { ENTITIES, OutboxRow } from './persistence/entities.js';
import { Templates } from './templates/templates.js';
import { NOTIFICATIONS } from './tokens.js';
import { WEBHOOK_CONTROLLERS, WEBHOOK_PROVIDERS } from './webhooks/webhooks.js';

const CONTROLLERS = [
  FollowGroupsController,
  FollowMembershipsController,
  ListDeliveriesController,
  RetryDeliveryController,
  ShowTemplatesController,
  ChangeTemplateController,
  TryTemplateController,
  ...WEBHOOK_CONTROLLERS,
];

const delivery = ({ SMTP_URL, MAIL_CONNECTIONS }: NotificationConfiguration): Provider => ({
  provide: MailDelivery,
  useFactory: (outbox: Repository<OutboxRow>) =>
    SMTP_URL === undefined
      ? new OutboxDelivery(outbox)
      : new SmtpDelivery({ url: SMTP_URL, connections: MAIL_CONNECTIONS }),
  inject: [getRepositoryToken(OutboxRow, NOTIFICATIONS)],
});

/**
 * The notification service: mails about licenses that end, ended, or work again, their templates, webhooks, and what became of each.
 * Wants `ServiceModule.forRoot()` imported by the application. Its tables are in the schema `notifications`.
 */
@Module({})
export class NotificationServiceModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly notifications: Notifications,
    @InjectDataSource(NOTIFICATIONS) dataSource: DataSource,
    jobs: JobQueues,
    metrics: ServiceMetrics,
  ) {
    metrics.watchPool(NOTIFICATIONS, poolOf(dataSource));
    metrics.watchQueue(jobs.queue(LICENSE_EXPIRY_QUEUE));
  }

  static forRoot(configuration: NotificationConfiguration): DynamicModule {
    return {
      module: NotificationServiceModule,
      imports: [
        TypeOrmModule.forRootAsync({
          name: NOTIFICATIONS,
          // An unreachable database is reported at once, not after half a minute of attempts.
          useFactory: () => ({ ...dataSourceOptions(configuration.DATABASE_URL), retryAttempts: 0 }),
          dataSourceFactory: () => openDataSource(configuration.DATABASE_URL),
        }),
        TypeOrmModule.forFeature(ENTITIES, NOTIFICATIONS),
      ],
      controllers: [...CONTROLLERS, ...(configuration.SMTP_URL === undefined ? [ShowOutboxController] : [])],
      providers: [
        delivery(configuration),
        ...ACCESS,
        SeenMails,
        AccountLanguages,
        TemplateLanguage,
        TemplateSamples,
        TemplateTenant,
        TemplateEfforts,
        TestMailQuotas,
        Notifications,
        retentionOf('notification', notificationPolicies),
        CollectNotice,
        WriteAccountMail,
        RecipientResolver,
        Ledger,
        Writer,
        MailSender,
        Mails,
        Templates,
        ...WEBHOOK_PROVIDERS,
      ],
      exports: [Notifications],
    };
  }

  onApplicationBootstrap(): void {
    this.notifications.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.notifications.stop();
  }
}
