import { randomUUID, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { CreatedApiKey, IssuedTokens, Permission } from '@allotree/contracts';
import { PG_POOL, Problem } from '@allotree/platform';
import type pg from 'pg';
import { Audit } from './audit.js';
import { GuardedSignIn } from './guarded-sign-in.js';
import { hashOf, newSecret } from './secrets.js';
import { Sessions } from './sessions.js';
import type { Visitor } from './visitor.js';

export interface NewApiKey {
  readonly tenantId: string;
  readonly name: string;
  readonly permissions: readonly Permission[];
  /** ISO 8601; `null`: until it is revoked. */
  readonly expiresAt: string | null;
  readonly createdBy: string;
}

interface KeyRow {
  readonly tenant_id: string;
  readonly permissions: Permission[];
  readonly secret_hash: Buffer;
  readonly is_over: boolean;
}

/** Of a key that is not there; compared all the same. */
const NOTHING = Buffer.alloc(32);

/** Keys of machines: a secret that is exchanged for short access tokens here, and shown to no other service. */
@Injectable()
export class ApiKeys {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly signInGuard: GuardedSignIn,
    private readonly sessions: Sessions,
    private readonly audit: Audit,
  ) {}

  async create({ tenantId, name, permissions, expiresAt, createdBy }: NewApiKey): Promise<CreatedApiKey> {
    const [keyId, secret] = [randomUUID(), newSecret()];
    await this.pool.query(
      `INSERT INTO groups.api_key (key_id, tenant_id, name, permissions, secret_hash, created_by, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [keyId, tenantId, name, permissions, hashOf(secret), createdBy, expiresAt],
    );
    await this.audit.record({
      action: 'api_key_created',
      actor: createdBy,
      tenantId,
      userId: null,
      facts: { keyId, name, permissions },
    });
    return { keyId, secret };
  }

  /** @throws Problem `UNAUTHENTICATED`, `RATE_LIMITED` */
  async signIn(keyId: string, secret: string, visitor: Visitor): Promise<IssuedTokens> {
    const key = await this.signInGuard.guess(visitor, () => this.find(keyId, secret));
    if (key === null) {
      await this.audit.record({
        action: 'api_key_signed_in_failed',
        actor: 'unknown',
        tenantId: null,
        userId: null,
        visitor,
        facts: { keyId },
      });
      throw new Problem('UNAUTHENTICATED', 'The key or its secret is wrong, or no longer good');
    }
    await this.pool.query(
      `UPDATE groups.api_key SET last_used_at = now()
       WHERE key_id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
      [keyId],
    );
    return this.sessions.accessToken({
      userId: keyId,
      email: null,
      tenantId: key.tenant_id,
      serverAdministrator: false,
      sessionId: keyId,
      apiKey: { keyId, permissions: key.permissions },
    });
  }

  /** Ends a key, also the access tokens it got. False: there is none in these tenants. `null`: in any. */
  async revoke(keyId: string, tenantIds: readonly string[] | null, revokedBy: string): Promise<boolean> {
    const { rows } = await this.pool.query<{ tenant_id: string; name: string; is_new: boolean }>(
      `UPDATE groups.api_key AS changed SET revoked_at = coalesce(changed.revoked_at, now())
       FROM (SELECT key_id, revoked_at FROM groups.api_key WHERE key_id = $1 FOR UPDATE) AS before
       WHERE changed.key_id = before.key_id AND ($2::text[] IS NULL OR changed.tenant_id = ANY ($2))
       RETURNING changed.tenant_id, changed.name, before.revoked_at IS NULL AS is_new`,
      [keyId, tenantIds],
    );
    const [row] = rows;
    if (row?.is_new === true) {
      const { tenant_id: tenantId, name } = row;
      await this.audit.record({
        action: 'api_key_revoked',
        actor: revokedBy,
        tenantId,
        userId: null,
        facts: { keyId, name },
      });
    }
    await this.sessions.announce();
    return row !== undefined;
  }

  private async find(keyId: string, secret: string): Promise<KeyRow | null> {
    const { rows } = await this.pool.query<KeyRow>(
      `SELECT tenant_id, permissions, secret_hash, revoked_at IS NOT NULL OR coalesce(expires_at <= now(), false) AS is_over
       FROM groups.api_key WHERE key_id = $1`,
      [keyId],
    );
    const [key] = rows;
    const isRight = timingSafeEqual(hashOf(secret), key?.secret_hash ?? NOTHING);
    return key === undefined || !isRight || key.is_over ? null : key;
  }
}
