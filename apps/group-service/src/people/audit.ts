import { Inject, Injectable } from '@nestjs/common';
import { PG_POOL } from '@allotree/platform';
import type pg from 'pg';
import type { Visitor } from './visitor.js';

/** What is written down besides what is recorded as an event. */
export type AuditedAction =
  | 'signed_in'
  | 'sign_in_failed'
  | 'refresh_token_reused'
  | 'password_changed'
  | 'password_reset_requested'
  | 'api_key_created'
  | 'api_key_revoked'
  | 'api_key_signed_in_failed'
  | 'invited'
  | 'invitation_accepted'
  | 'invitation_revoked'
  | 'identity_refused';

export interface AuditEntry {
  readonly action: AuditedAction;
  readonly actor: string;
  readonly tenantId: string | null;
  /** Whom it is about. */
  readonly userId: string | null;
  readonly visitor?: Visitor;
  /** No secrets. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** Who signed in, or tried to, and what became of what people sign in with. Nothing here is ever changed. */
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
}
