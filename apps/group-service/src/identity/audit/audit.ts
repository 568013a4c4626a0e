import { Inject, Injectable } from '@nestjs/common';
import { PG_POOL } from '@allotree/basics';
import type { AuditAction } from '@allotree/contracts';
import type pg from 'pg';
import type { Visitor } from '../visitor.js';

interface Entry {
  readonly action: AuditAction;
  readonly actor: string;
  readonly visitor?: Visitor;
  /** No secrets. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** An entry of one tenant, about its keys or invitations. */
export interface AuditEntry extends Entry {
  readonly tenantId: string | null;
  /** Whom it is about. */
  readonly userId: string | null;
}

/** An entry about an account, which belongs to no tenant. */
export interface AccountAuditEntry extends Entry {
  readonly userId: string | null;
  /** A tenant whose membership began with this, which the view of memberships may not have yet. */
  readonly newTenantId?: string | null;
}

/**
 * $1 actor, $2 action, $3 user, $4 address, $5 facts, $6 a further tenant. With one tenant, the line is that tenant's. With
 * several, the full line is the vendor's, and each tenant sees only that it happened, because origin and method could reveal
 * what the person does in another tenant.
 */
const OF_ACCOUNT = `
  WITH concerned AS (
    SELECT tenant_id FROM groups.access_membership WHERE user_id = $3
    UNION SELECT $6::text WHERE $6::text IS NOT NULL
  ), whole AS (
    SELECT CASE WHEN count(*) = 1 THEN min(tenant_id) END AS tenant_id, count(*) > 1 AS is_shared FROM concerned
  )
  INSERT INTO groups.audit (tenant_id, actor, action, user_id, address, facts, is_copy)
  SELECT tenant_id, $1, $2, $3, $4, $5::jsonb, false FROM whole
  UNION ALL
  SELECT concerned.tenant_id, $1, $2, $3, NULL, '{}', true FROM concerned JOIN whole ON is_shared`;

/** Sign-ins, failed attempts and changes of credentials. Entries are never changed. */
@Injectable()
export class Audit {
  constructor(@Inject(PG_POOL) private readonly pool: pg.Pool) {}

  async record(entry: AuditEntry, tx: pg.Pool | pg.PoolClient = this.pool): Promise<void> {
    const { action, actor, tenantId, userId, visitor, facts = {} } = entry;
    await tx.query(
      `INSERT INTO groups.audit (tenant_id, actor, action, user_id, address, facts) VALUES ($1, $2, $3, $4, $5, $6)`,
      [tenantId, actor, action, userId, visitor?.address ?? null, JSON.stringify(facts)],
    );
  }

  async recordOfAccount(entry: AccountAuditEntry, tx: pg.Pool | pg.PoolClient = this.pool): Promise<void> {
    const { action, actor, userId, visitor, newTenantId = null, facts = {} } = entry;
    const address = visitor?.address ?? null;
    await tx.query(OF_ACCOUNT, [actor, action, userId, address, JSON.stringify(facts), newTenantId]);
  }
}
