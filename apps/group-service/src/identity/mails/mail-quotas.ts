import { Inject, Injectable } from '@nestjs/common';
import { CONFIGURATION, inTransaction, PG_POOL } from '@allotree/basics';
import type { Principal } from '@allotree/http';
import { hourAndDay, takeFromQuotas, type Charge } from '@allotree/service';
import type pg from 'pg';
import type { GroupConfiguration } from '../../configuration.js';
import { GROUPS } from '../../tokens.js';
import { networkOf, type Visitor } from '../visitor.js';

/** How many mails callers, tenants and networks may have sent to people who did not ask for them. */
@Injectable()
export class MailQuotas {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CONFIGURATION) private readonly configuration: GroupConfiguration,
  ) {}

  /**
   * In the transaction that records the invitations. Server administrators are not counted.
   * @throws Problem `RATE_LIMITED`
   */
  async ofInvitations(
    tx: pg.PoolClient,
    { userId, serverAdministrator }: Principal,
    { tenantId, number }: { readonly tenantId: string; readonly number: number },
  ): Promise<void> {
    if (serverAdministrator) return;
    const {
      INVITATIONS_PER_CALLER_HOUR,
      INVITATIONS_PER_CALLER_DAY,
      INVITATIONS_PER_TENANT_HOUR,
      INVITATIONS_PER_TENANT_DAY,
    } = this.configuration;
    await take(tx, {
      what: 'invitations',
      number,
      quotas: [
        ...hourAndDay(`invitations|caller|${userId}`, INVITATIONS_PER_CALLER_HOUR, INVITATIONS_PER_CALLER_DAY),
        ...hourAndDay(`invitations|tenant|${tenantId}`, INVITATIONS_PER_TENANT_HOUR, INVITATIONS_PER_TENANT_DAY),
      ],
    });
  }

  /** A mail that somebody asks for who is not signed in. @throws Problem `RATE_LIMITED` */
  async ofNetwork({ address }: Pick<Visitor, 'address'>): Promise<void> {
    const { ACCOUNT_MAILS_PER_NETWORK_HOUR, ACCOUNT_MAILS_PER_NETWORK_DAY } = this.configuration;
    const key = `account mails|network|${networkOf(address)}`;
    await inTransaction(this.pool, (tx) =>
      take(tx, {
        what: 'registrations and password resets',
        number: 1,
        quotas: hourAndDay(key, ACCOUNT_MAILS_PER_NETWORK_HOUR, ACCOUNT_MAILS_PER_NETWORK_DAY),
      }),
    );
  }
}

const take = (tx: pg.PoolClient, charge: Charge): Promise<void> =>
  takeFromQuotas(
    async <Row>(sql: string, values: readonly unknown[]) => (await tx.query(sql, [...values])).rows as Row[],
    GROUPS,
    charge,
  );
