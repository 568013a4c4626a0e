import { Inject, Injectable } from '@nestjs/common';
import { CONFIGURATION } from '@allotree/basics';
import type { Principal } from '@allotree/http';
import { hourAndDay, takeFromQuotas } from '@allotree/service';
import type { EntityManager } from 'typeorm';
import type { NotificationConfiguration } from '../configuration.js';
import { NOTIFICATIONS } from '../tokens.js';

/** How many test mails a caller and a tenant may have sent. Server administrators are not counted. */
@Injectable()
export class TestMailQuotas {
  constructor(@Inject(CONFIGURATION) private readonly configuration: NotificationConfiguration) {}

  /** In the transaction that queues the mail. @throws Problem `RATE_LIMITED` */
  async take(tx: EntityManager, principal: Principal, tenantId: string | null): Promise<void> {
    if (principal.serverAdministrator) return;
    const {
      TEST_MAILS_PER_CALLER_HOUR,
      TEST_MAILS_PER_CALLER_DAY,
      TEST_MAILS_PER_TENANT_HOUR,
      TEST_MAILS_PER_TENANT_DAY,
    } = this.configuration;
    await takeFromQuotas((sql, values) => tx.query(sql, [...values]), NOTIFICATIONS, {
      what: 'test mails',
      number: 1,
      quotas: [
        ...hourAndDay(`test mails|caller|${principal.userId}`, TEST_MAILS_PER_CALLER_HOUR, TEST_MAILS_PER_CALLER_DAY),
        ...hourAndDay(`test mails|tenant|${tenantId ?? ''}`, TEST_MAILS_PER_TENANT_HOUR, TEST_MAILS_PER_TENANT_DAY),
      ],
    });
  }
}
