import { Controller, Get, Param, Query } from '@nestjs/common';
import {
  PartnerDetails,
  PartnerPage,
  PARTNERS,
  PartnersQuery,
  type PageOf,
  type PartnerItem,
} from '@allotree/contracts';
import { Caller, Documented, Permit } from '@allotree/http';
import { applyFilter, columnsOf, pageOfNamedRows } from '@allotree/read-models';
import { PermissionChecker, applyAccessFilter, TenantRows } from '@allotree/identity';
import { Freshness } from '../../freshness.js';
import { PARTNER_EXAMPLE, Partners } from '../partners.js';
import { PartnerPath } from '../../paths.js';
import { PartnerRow } from '../../persistence/entities.js';
import { closingStatusOf, CLOSING_STATUS } from '../../closing-status.js';
import { PARTNER_VIEW } from '../../views.js';

const show = ({ registeredAt, closedReason, ordinal: _, ...row }: PartnerRow): PartnerItem => ({
  ...row,
  ...closingStatusOf(closedReason),
  registeredAt: registeredAt.toISOString(),
});

const COLUMNS = columnsOf(PARTNERS.filters, { status: CLOSING_STATUS });

const { postpaidAllowed: _, ...summary } = PARTNER_EXAMPLE;
const ITEM_EXAMPLE = { ...summary, registeredAt: '2026-06-01T08:00:00.000Z' };

@Controller('partners')
export class ListPartnersController {
  constructor(
    private readonly rows: TenantRows,
    private readonly partners: Partners,
    private readonly freshness: Freshness,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Documented({
    tag: 'Partners',
    summary: 'List partners in order of registration',
    response: {
      schema: PartnerPage,
      example: { items: [ITEM_EXAMPLE], nextCursor: null },
    },
    list: PARTNERS,
    problems: ['VALIDATION'],
  })
  @Permit('partners:read')
  @Get()
  async list(
    @Query({ schema: PartnersQuery }) query: PartnersQuery,
    @Caller() caller: Caller,
  ): Promise<PageOf<PartnerItem>> {
    await this.freshness.of(PARTNER_VIEW);
    const { principal } = caller;
    const accessFilter = await this.permissionChecker.accessFilter(principal, 'partners:read');
    return this.rows.as(principal, 'partners:read', (tx) => {
      const rows = tx.createQueryBuilder(PartnerRow, 'row');
      applyAccessFilter(rows, accessFilter, { tenant: 'row.tenantId', partner: 'row.partnerId' });
      if (query.parentPartnerId !== undefined)
        rows.andWhere('row.parentPartnerId = :parent', { parent: query.parentPartnerId });
      if (query.status !== undefined) rows.andWhere(`row.closedReason IS ${query.status === 'open' ? '' : 'NOT '}NULL`);
      applyFilter(rows, query.filter, COLUMNS);
      return pageOfNamedRows(rows, query, show);
    });
  }

  @Documented({
    tag: 'Partners',
    summary: 'Show a partner',
    response: { schema: PartnerDetails, example: PARTNER_EXAMPLE },
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  @Permit('partners:read', { partner: 'partnerId' })
  @Get(':partnerId')
  async one(@Param({ schema: PartnerPath }) path: PartnerPath): Promise<PartnerDetails> {
    return this.partners.show(path.partnerId);
  }
}
