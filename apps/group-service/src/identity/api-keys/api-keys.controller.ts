import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  API_KEYS,
  ApiKeyPage,
  ApiKeysQuery,
  beyond,
  CreateApiKeyRequest,
  CreatedApiKey,
  DryRun,
  Id,
  VENDOR_PERMISSIONS,
  withImplied,
  type ApiKeyItem,
  type PageOf,
  type PreviewAnswer,
  type Permission,
} from '@allotree/contracts';
import { notFound, Caller, Documented, NotKept, Permit, preview, Problem, type Principal } from '@allotree/http';
import { applyFilter, columnsOf, pageOfRows } from '@allotree/read-models';
import { PermissionChecker, TenantRows } from '@allotree/identity';
import { z } from 'zod';
import { Partners } from '../../partners/partners.js';
import { ApiKeyRow } from '../../persistence/identity-entities.js';
import { ApiKeys } from './api-keys.js';

const KeyPath = z.object({ keyId: Id });
type KeyPath = z.infer<typeof KeyPath>;

const example = {
  keyId: 'f2f7a3c4-2a1d-4a5e-9d0c-3b1a2c4d5e6f',
  tenantId: 'nordlicht',
  name: 'billing',
  permissions: ['projects:read', 'licenses:read'],
  createdBy: 'user:0f7a6d1e-2c3b-5a4d-8e9f-1a2b3c4d5e6f',
  createdAt: '2026-06-01T08:00:00.000Z',
  expiresAt: null,
  lastUsedAt: '2026-06-01T09:10:00.000Z',
  revokedAt: null,
};

const show = ({ keyId, tenantId, name, permissions, createdBy, ...row }: ApiKeyRow): ApiKeyItem => ({
  keyId,
  tenantId,
  name,
  permissions,
  createdBy,
  createdAt: row.createdAt.toISOString(),
  expiresAt: row.expiresAt?.toISOString() ?? null,
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  revokedAt: row.revokedAt?.toISOString() ?? null,
});

const COLUMNS = columnsOf(API_KEYS.filters);

/**
 * API keys. The permissions of a key are valid in its whole tenant, as long as its creator holds them there (P2).
 */
@Controller('api-keys')
export class ApiKeysController {
  constructor(
    private readonly rows: TenantRows,
    private readonly keys: ApiKeys,
    private readonly permissionChecker: PermissionChecker,
    private readonly partners: Partners,
  ) {}

  @Documented({
    tag: 'API keys',
    summary: 'Create an API key; its secret is shown only in this response',
    description:
      'Clients exchange the key and its secret for access tokens: POST /auth/token with grant_type client_credentials.',
    response: {
      status: 201,
      schema: CreatedApiKey,
      example: { keyId: example.keyId, secret: 'c2hvd24gaGVyZSBhbmQgbmV2ZXIgYWdhaW4' },
    },
    problems: ['VALIDATION', 'FORBIDDEN', 'NOT_FOUND', 'PARTNER_CLOSED'],
    dryRun: true,
  })
  @NotKept()
  @Permit('api-keys:manage')
  @Post()
  async create(
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: CreateApiKeyRequest }) body: CreateApiKeyRequest,
    @Caller() caller: Caller,
  ): Promise<CreatedApiKey | PreviewAnswer> {
    const { principal, context, dryRun } = caller;
    const tenantId = body.tenantId ?? (await this.onlyTenant(principal));
    if (tenantId === null) throw Problem.validation('tenantId', 'is required: name the tenant of the key');
    const permissions = withImplied(body.permissions);
    await this.mayGive(principal, permissions, tenantId);
    const expiresAt = body.expiresAt ?? null;
    if (expiresAt !== null && Date.parse(expiresAt) <= Date.now())
      throw Problem.validation('expiresAt', 'must be in the future');
    const { name } = body;
    if (dryRun) return preview(caller, [{ type: 'api_key_created', data: { tenantId, name, permissions } }]);
    return this.keys.create({
      tenantId,
      name,
      permissions,
      expiresAt,
      createdBy: context.actor,
      madeBy: principal.serverAdministrator ? null : principal.userId,
    });
  }

  @Documented({
    tag: 'API keys',
    summary: 'List API keys, newest first',
    response: { schema: ApiKeyPage, example: { items: [example], nextCursor: null } },
    list: API_KEYS,
    problems: ['VALIDATION'],
  })
  @Permit('api-keys:manage')
  @Get()
  async list(
    @Query({ schema: ApiKeysQuery }) query: ApiKeysQuery,
    @Caller() { principal }: Caller,
  ): Promise<PageOf<ApiKeyItem>> {
    const tenantIds = await this.tenants(principal);
    return this.rows.as(principal, 'api-keys:manage', (tx) => {
      const rows = tx.createQueryBuilder(ApiKeyRow, 'row');
      if (tenantIds !== null) rows.where('row.tenantId = ANY (:tenantIds)', { tenantIds });
      applyFilter(rows, query.filter, COLUMNS);
      return pageOfRows(rows, query, show);
    });
  }

  @Documented({
    tag: 'API keys',
    summary: 'Revoke an API key and all keys created with it; their access tokens become invalid within seconds',
    problems: ['VALIDATION', 'NOT_FOUND'],
    idempotent: true,
    dryRun: true,
  })
  @Permit('api-keys:manage')
  @HttpCode(204)
  @Delete(':keyId')
  async revoke(
    @Param({ schema: KeyPath }) { keyId }: KeyPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Caller() caller: Caller,
  ): Promise<PreviewAnswer | undefined> {
    const { principal, context } = caller;
    const tenantIds = await this.tenants(principal);
    if (caller.dryRun) {
      const key = await this.rows.as(principal, 'api-keys:manage', (tx) => tx.findOneBy(ApiKeyRow, { keyId }));
      if (key === null || (tenantIds !== null && !tenantIds.includes(key.tenantId))) throw notFound('api key', keyId);
      const data = { keyId, name: key.name };
      return preview(caller, key.revokedAt === null ? [{ type: 'api_key_revoked', data }] : []);
    }
    const revoked = await this.keys.revoke(keyId, tenantIds, context.actor);
    if (!revoked) throw notFound('api key', keyId);
    return undefined;
  }

  /** A key is valid in a whole tenant, so its creator must hold the permissions there. */
  private async mayGive(principal: Principal, permissions: readonly Permission[], tenantId: string): Promise<void> {
    const index = permissions.findIndex((permission) => VENDOR_PERMISSIONS.has(permission));
    if (index !== -1) throw Problem.validation('permissions', `${permissions[index]} cannot be given to an API key`);
    const held = await this.permissionChecker.demand(principal, 'api-keys:manage', {
      kind: 'partner',
      partnerId: tenantId,
    });
    const partner = await this.partners.openPartner(tenantId);
    if (partner.tenantId !== tenantId)
      throw Problem.validation(
        'tenantId',
        `is a partner of the tenant ${partner.tenantId}: an API key is valid for a whole tenant`,
      );
    const missing = beyond(permissions, held);
    if (missing.length > 0)
      throw new Problem('FORBIDDEN', 'An API key cannot have permissions that its creator lacks', { missing });
  }

  /** The tenant in which the caller can create keys, if it is a single one. */
  private async onlyTenant(principal: Principal): Promise<string | null> {
    const [only, ...others] = (await this.tenants(principal)) ?? [];
    return others.length > 0 ? null : (only ?? null);
  }

  /** `null`: all of them. */
  private async tenants(principal: Principal): Promise<readonly string[] | null> {
    return (await this.permissionChecker.accessFilter(principal, 'api-keys:manage'))?.tenantIds ?? null;
  }
}
