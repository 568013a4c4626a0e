import { Controller, Get, Query } from '@nestjs/common';
import { AUDIT, AuditPage, AuditQuery, type AuditItem, type PageOf } from '@allotree/contracts';
import { Caller, Documented, Permit } from '@allotree/http';
import { applyFilter, columnsOf, pageByTime } from '@allotree/read-models';
import { PermissionChecker, TenantRows } from '@allotree/identity';
import { Freshness } from '../../../freshness.js';
import { AuditRow } from '../../../persistence/identity-entities.js';
import { AUDIT_VIEW } from './audit-view.projection.js';

const show = ({ at, actor, action, userId, tenantId, address, facts }: AuditRow): AuditItem => ({
  at: at.toISOString(),
  actor,
  action,
  userId,
  tenantId,
  address,
  facts,
});

const COLUMNS = columnsOf(AUDIT.filters);

@Controller('audit')
export class AuditTrailController {
  constructor(
    private readonly rows: TenantRows,
    private readonly freshness: Freshness,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Documented({
    tag: 'Audit',
    summary: 'List the audit trail, newest first: sign-ins, changes of memberships and roles, API keys, accounts',
    response: {
      schema: AuditPage,
      example: {
        items: [
          {
            at: '2026-06-01T08:00:00.000Z',
            actor: 'user:0f7a6d1e-2c3b-5a4d-8e9f-1a2b3c4d5e6f',
            action: 'signed_in',
            userId: '0f7a6d1e-2c3b-5a4d-8e9f-1a2b3c4d5e6f',
            tenantId: 'nordlicht',
            address: '192.0.2.17',
            facts: { method: 'password' },
          },
        ],
        nextCursor: null,
      },
    },
    list: AUDIT,
    problems: ['VALIDATION'],
  })
  @Permit('audit:read')
  @Get()
  async list(
    @Query({ schema: AuditQuery }) { userId, action, filter, ...page }: AuditQuery,
    @Caller() { principal }: Caller,
  ): Promise<PageOf<AuditItem>> {
    await this.freshness.of(AUDIT_VIEW);
    const accessFilter = await this.permissionChecker.accessFilter(principal, 'audit:read');
    return this.rows.as(principal, 'audit:read', (tx) => {
      const rows = tx.createQueryBuilder(AuditRow, 'row');
      if (accessFilter === null) rows.where('NOT row.isCopy');
      else rows.where('row.tenantId = ANY (:tenantIds)', { tenantIds: accessFilter.tenantIds });
      if (userId !== undefined) rows.andWhere('row.userId = :userId', { userId });
      if (action !== undefined) rows.andWhere('row.action = :action', { action });
      applyFilter(rows, filter, COLUMNS);
      return pageByTime(rows, page, show);
    });
  }
}
