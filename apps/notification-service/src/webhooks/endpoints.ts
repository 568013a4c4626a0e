import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { CreatedWebhookKey, WebhookEndpointItem, WebhookKeys } from '@allotree/contracts';
import { CONFIGURATION } from '@allotree/basics';
import { notFound, Problem, type Caller, type Principal } from '@allotree/http';
import { PermissionChecker } from '@allotree/identity';
import { rehearse, withTenants } from '@allotree/read-models';
import type { DataSource, EntityManager } from 'typeorm';
import type { NotificationConfiguration } from '../configuration.js';
import { WebhookEndpointRow } from '../persistence/webhook-entities.js';
import { NOTIFICATIONS } from '../tokens.js';
import { HostResolver } from './host-resolver.js';
import { KeyVault } from './key-vault.js';
import { newWebhookKey } from './signatures.js';
import { checkUrl } from './url-check.js';

/** Keys that sign at a time; a rotation drops the oldest beyond this. */
const MAX_KEYS = 4;

interface PublicKeyRow {
  readonly key_id: string;
  readonly public_key: string;
  readonly created_at: Date;
  readonly expires_at: Date | null;
}

export const ENDPOINT_EXAMPLE: WebhookEndpointItem = {
  endpointId: '8c6d6f0e-6a0b-4b57-9b0f-0a3f5d1c2e4b',
  tenantId: 'nordlicht',
  url: 'https://hooks.example.com/allotree',
  description: 'Billing',
  types: ['allotree.license-granted.v1', 'allotree.license-extended.v1'],
  subjects: null,
  status: 'active',
  disabledReason: null,
  disabledAt: null,
  failingSince: null,
  createdAt: '2026-06-01T08:00:00.000Z',
  createdBy: 'user:0f7a6d1e-2c3b-5a4d-8e9f-1a2b3c4d5e6f',
};

export const KEY_EXAMPLE: CreatedWebhookKey = {
  endpointId: ENDPOINT_EXAMPLE.endpointId,
  keyId: '2f1d4c3b-5a69-4788-9a0b-1c2d3e4f5a6b',
  secret: 'whsec_c2hvd24gaGVyZSBhbmQgbmV2ZXIgYWdhaW4hISE=',
  publicKey: 'whpk_7QKmUH1Lc3Pz0Zr3nqk1mFqQ6rSg9mXl3r0JxQmBq1E=',
  olderKeysUntil: null,
};

export const showEndpoint = (row: WebhookEndpointRow): WebhookEndpointItem => ({
  endpointId: row.endpointId,
  tenantId: row.tenantId,
  url: row.url,
  description: row.description,
  types: row.types,
  subjects: row.subjects,
  status: row.status,
  disabledReason: row.disabledReason,
  disabledAt: row.disabledAt?.toISOString() ?? null,
  failingSince: row.failingSince?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
  createdBy: row.createdBy,
});

/** The person whose permission an endpoint depends on (P2); `null`: the vendor. */
export const madeBy = ({ userId, apiKey, serverAdministrator }: Principal): string | null =>
  apiKey === null ? (serverAdministrator ? null : userId) : (apiKey.madeBy ?? null);

/** Webhook endpoints as their callers see them: those of the tenants in which they hold `webhooks:manage` as a whole. */
@Injectable()
export class WebhookEndpoints {
  constructor(
    @InjectDataSource(NOTIFICATIONS) private readonly dataSource: DataSource,
    private readonly permissionChecker: PermissionChecker,
    private readonly vault: KeyVault,
    private readonly resolver: HostResolver,
    @Inject(CONFIGURATION) private readonly configuration: NotificationConfiguration,
  ) {}

  /**
   * The tenants in which the caller holds `webhooks:manage` as a whole, because events of a tenant are about all of its groups; `null`: all.
   * @throws Problem `FORBIDDEN`
   */
  async tenants(principal: Principal): Promise<readonly string[] | null> {
    const access = await this.permissionChecker.accessFilter(principal, 'webhooks:manage');
    if (access?.tenantIds.length === 0)
      throw new Problem('FORBIDDEN', 'Webhooks are for callers with webhooks:manage in a whole tenant', {
        permission: 'webhooks:manage',
      });
    return access?.tenantIds ?? null;
  }

  /** Whether the person who set up an endpoint of a tenant may still do that there (P2). */
  async isAuthorized(userId: string, tenantId: string): Promise<boolean> {
    const person = { userId, email: null, tenantId: null, serverAdministrator: false, sessionId: null, apiKey: null };
    const held = await this.permissionChecker.permissionsAt(person, { kind: 'partner', partnerId: tenantId });
    return held?.has('webhooks:manage') === true;
  }

  /** Runs `work` in a transaction that sees the caller's endpoints and what belongs to them. */
  async as<Result>(principal: Principal, work: (tx: EntityManager) => Promise<Result>): Promise<Result> {
    return withTenants(this.dataSource, await this.tenants(principal), work);
  }

  /** The same for a command: with `?dryRun=true` nothing of it is kept. */
  change<Result>({ principal, dryRun }: Caller, work: (tx: EntityManager) => Promise<Result>): Promise<Result> {
    return rehearse(dryRun, (run: (tx: EntityManager) => Promise<Result>) => this.as(principal, run), work);
  }

  /** The same as the service itself, after the endpoint was found to be the caller's: counters are nobody's rows. */
  changeAsService<Result>({ dryRun }: Caller, work: (tx: EntityManager) => Promise<Result>): Promise<Result> {
    return rehearse(dryRun, (run: (tx: EntityManager) => Promise<Result>) => this.dataSource.transaction(run), work);
  }

  /** @throws Problem `NOT_FOUND` where it is not a whole tenant */
  async checkTenant(tenantId: string): Promise<void> {
    const found: unknown[] = await this.dataSource.query(
      'SELECT 1 FROM notifications.access_partner WHERE partner_id = $1 AND tenant_id = $1',
      [tenantId],
    );
    if (found.length === 0) throw notFound('tenant', tenantId);
  }

  /** An endpoint of the caller's. @throws Problem `NOT_FOUND` */
  async one(tx: EntityManager, endpointId: string): Promise<WebhookEndpointRow> {
    const row = await tx.findOneBy(WebhookEndpointRow, { endpointId });
    if (row === null) throw notFound('webhook endpoint', endpointId);
    return row;
  }

  /** @throws Problem `URL_NOT_ALLOWED` */
  async checkUrl(url: string): Promise<void> {
    await checkUrl(url, {
      allowInsecure: this.configuration.WEBHOOKS_ALLOW_INSECURE,
      resolve: this.resolver.resolve,
    });
  }

  /** The public keys of an endpoint of anybody's, the newest first. */
  async publicKeys(endpointId: string): Promise<WebhookKeys['keys']> {
    const rows: readonly PublicKeyRow[] = await this.dataSource.query(
      `SELECT key_id, public_key, created_at, expires_at FROM notifications.webhook_key
       WHERE endpoint_id = $1 AND (expires_at IS NULL OR expires_at > statement_timestamp()) ORDER BY created_at DESC`,
      [endpointId],
    );
    return rows.map(({ key_id, public_key, created_at, expires_at }) => ({
      keyId: key_id,
      publicKey: public_key,
      createdAt: created_at.toISOString(),
      expiresAt: expires_at?.toISOString() ?? null,
    }));
  }

  /** Makes a key of an endpoint; older ones sign for some time beside it. Its secret is in the answer and nowhere else. */
  async addKey(
    tx: EntityManager,
    { endpointId, tenantId }: Pick<WebhookEndpointRow, 'endpointId' | 'tenantId'>,
    overlapHours: number,
  ): Promise<CreatedWebhookKey> {
    const [keyId, key] = [randomUUID(), newWebhookKey()];
    await tx.query(
      `DELETE FROM notifications.webhook_key WHERE endpoint_id = $1 AND (
         expires_at <= clock_timestamp() OR key_id NOT IN (
           SELECT key_id FROM notifications.webhook_key WHERE endpoint_id = $1 ORDER BY created_at DESC LIMIT ${MAX_KEYS - 1}))`,
      [endpointId],
    );
    await tx.query(
      `UPDATE notifications.webhook_key
       SET expires_at = least(expires_at, clock_timestamp() + make_interval(hours => $2)) WHERE endpoint_id = $1`,
      [endpointId, overlapHours],
    );
    await tx.query(
      `INSERT INTO notifications.webhook_key (key_id, endpoint_id, tenant_id, secret, private_key, public_key)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [
        keyId,
        endpointId,
        tenantId,
        await this.vault.lock(key.secret, keyId),
        await this.vault.lock(key.privateKey, keyId),
        key.publicKey,
      ],
    );
    const [older]: { until: Date | null }[] = await tx.query(
      `SELECT max(expires_at) AS until FROM notifications.webhook_key
       WHERE endpoint_id = $1 AND key_id <> $2 AND expires_at > clock_timestamp()`,
      [endpointId, keyId],
    );
    const { secret, publicKey } = key;
    return { endpointId, keyId, secret, publicKey, olderKeysUntil: older?.until?.toISOString() ?? null };
  }
}

/** Lets every delivery of an endpoint that waits for its next attempt go now. Lanes are locked in one order everywhere. */
export async function hurry(tx: EntityManager, endpointId: string): Promise<void> {
  await tx.query(
    `WITH waiting AS (
       SELECT subject FROM notifications.webhook_lane
       WHERE endpoint_id = $1 AND claim IS NULL AND not_before > statement_timestamp() ORDER BY subject FOR UPDATE
     )
     UPDATE notifications.webhook_lane lane SET not_before = statement_timestamp() FROM waiting
     WHERE lane.endpoint_id = $1 AND lane.subject = waiting.subject`,
    [endpointId],
  );
  await tx.query(
    `UPDATE notifications.webhook_delivery SET next_attempt_at = statement_timestamp()
     WHERE endpoint_id = $1 AND status = 'pending' AND next_attempt_at > statement_timestamp()`,
    [endpointId],
  );
}
