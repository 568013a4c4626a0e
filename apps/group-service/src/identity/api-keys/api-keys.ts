import { randomUUID, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { CreatedApiKey, IssuedTokens, Permission } from '@allotree/contracts';
import { PG_POOL } from '@allotree/basics';
import { Problem } from '@allotree/http';
import type pg from 'pg';
import { Audit } from '../audit/audit.js';
import { GuardedSignIn } from '../sessions/guarded-sign-in.js';
import { hashOf, newSecret } from '../secrets.js';
import { Sessions } from '../sessions/sessions.js';
import type { Visitor } from '../visitor.js';

export interface NewApiKey {
  readonly tenantId: string;
  readonly name: string;
  readonly permissions: readonly Permission[];
  /** ISO 8601; `null`: until it is revoked. */
  readonly expiresAt: string | null;
  readonly createdBy: string;
  /** The person or key whose permissions bound those of this one; `null`: the vendor. */
  readonly madeBy: string | null;
}

interface KeyRow {
  readonly tenant_id: string;
  readonly permissions: Permission[];
  readonly secret_hash: Buffer;
  readonly made_by: string | null;
  readonly is_over: boolean;
  readonly expires_at: Date | null;
}

/** A valid key, with the permissions that all keys above it hold too. */
export interface KeyInForce {
  readonly tenantId: string;
  readonly permissions: readonly Permission[];
  /** The person at the top of the chain. `null`: the vendor. */
  readonly madeBy: string | null;
  /** When it ends, or the first of those that made it. */
  readonly expiresAt: Date | null;
}

/** A key, then its creator, and so on. */
const LINEAGE = `
  WITH RECURSIVE lineage AS (
    SELECT api_key.*, 0 AS distance FROM groups.api_key WHERE key_id = $1
    UNION ALL
    SELECT maker.*, lineage.distance + 1 FROM groups.api_key maker JOIN lineage ON maker.key_id = lineage.made_by
  )
  SELECT tenant_id, permissions, secret_hash, made_by, expires_at,
    revoked_at IS NOT NULL OR coalesce(expires_at <= now(), false) AS is_over
  FROM lineage ORDER BY distance`;

/** `null`: the key or one above it has ended. */
const keyInForce = (lineage: readonly KeyRow[]): KeyInForce | null => {
  const [key] = lineage;
  if (key === undefined || lineage.some((row) => row.is_over)) return null;
  const ends = lineage.flatMap(({ expires_at }) => (expires_at === null ? [] : [expires_at.getTime()]));
  return {
    tenantId: key.tenant_id,
    permissions: key.permissions.filter((permission) => lineage.every((row) => row.permissions.includes(permission))),
    madeBy: lineage.at(-1)?.made_by ?? null,
    expiresAt: ends.length === 0 ? null : new Date(Math.min(...ends)),
  };
};

/** Compared for an unknown key, so that the response takes as long. */
const NOTHING = Buffer.alloc(32);

/** API keys. Their secret is exchanged for short-lived access tokens here; no other service receives it. */
@Injectable()
export class ApiKeys {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly signInGuard: GuardedSignIn,
    private readonly sessions: Sessions,
    private readonly audit: Audit,
  ) {}

  async create({ tenantId, name, permissions, expiresAt, createdBy, madeBy }: NewApiKey): Promise<CreatedApiKey> {
    const [keyId, secret] = [randomUUID(), newSecret()];
    await this.pool.query(
      `INSERT INTO groups.api_key (key_id, tenant_id, name, permissions, secret_hash, created_by, expires_at, made_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [keyId, tenantId, name, permissions, hashOf(secret), createdBy, expiresAt, madeBy],
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
      throw new Problem(
        'UNAUTHENTICATED',
        'The API key or its secret is wrong, or the key has expired or been revoked',
      );
    }
    await this.pool.query(
      `UPDATE groups.api_key SET last_used_at = now()
       WHERE key_id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
      [keyId],
    );
    const { tenantId, permissions, madeBy, expiresAt } = key;
    const principal = { userId: keyId, email: null, tenantId, serverAdministrator: false, sessionId: keyId };
    const apiKey = { keyId, permissions, ...(madeBy === null ? {} : { madeBy }) };
    return this.sessions.accessToken({ ...principal, apiKey }, expiresAt);
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
    if (row !== undefined) await this.revokeMadeBy(keyId);
    await this.sessions.announce();
    return row !== undefined;
  }

  /** A key that is in force. `null`: it has ended, or does not exist. */
  async inForce(keyId: string): Promise<KeyInForce | null> {
    return keyInForce((await this.pool.query<KeyRow>(LINEAGE, [keyId])).rows);
  }

  /** The keys created with a key end with it. */
  private async revokeMadeBy(keyId: string): Promise<void> {
    await this.pool.query(
      `WITH RECURSIVE made AS (
         SELECT key_id FROM groups.api_key WHERE made_by = $1
         UNION
         SELECT api_key.key_id FROM groups.api_key JOIN made ON api_key.made_by = made.key_id
       )
       UPDATE groups.api_key SET revoked_at = now() FROM made
       WHERE api_key.key_id = made.key_id AND api_key.revoked_at IS NULL`,
      [keyId],
    );
  }

  private async find(keyId: string, secret: string): Promise<KeyInForce | null> {
    const { rows } = await this.pool.query<KeyRow>(LINEAGE, [keyId]);
    const isRight = timingSafeEqual(hashOf(secret), rows[0]?.secret_hash ?? NOTHING);
    return isRight ? keyInForce(rows) : null;
  }
}
