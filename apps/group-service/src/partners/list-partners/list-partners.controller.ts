import { Controller, Get, Param, Query } from '@nestjs/common';
import { PartnerDetails, PartnerPage, PartnersQuery, type PageOf, type PartnerItem } from '@allotree/contracts';
import { Caller, Documented, Permit, pageOfRows, Reach, withinExtent, TenantRows } from '@allotree/platform';
import { Freshness } from '../../freshness.js';
import { Partners } from '../../partners.js';
import { PartnerPath } from '../../paths.js';
import { PartnerRow } from '../../persistence/entities.js';
import { PARTNER_VIEW } from './partner-view.projection.js';

const example = {
  partnerId: 'nordlicht',
  kind: 'distributor',
  name: 'Nordlicht',
  parentPartnerId: null,
  tenantId: 'nordlicht',
};

const show = ({ partnerId, kind, name, parentPartnerId, tenantId, registeredAt }: PartnerRow): PartnerItem => ({
  partnerId,
  kind,
  name,
  parentPartnerId,
  tenantId,
  registeredAt: registeredAt.toISOString(),
});

@Controller('partners')
export class ListPartnersController {
  constructor(
    private readonly rows: TenantRows,
    private readonly partners: Partners,
    private readonly freshness: Freshness,
    private readonly reach: Reach,
  ) {}

  @Documented({
    tag: 'Partners',
    summary: 'List partners in the order of their registration',
    response: {
      schema: PartnerPage,
      example: { items: [{ ...example, registeredAt: '2026-06-01T08:00:00.000Z' }], nextCursor: null },
    },
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
    const extent = await this.reach.extent(principal, 'partners:read');
    return this.rows.as(principal, 'partners:read', (tx) => {
      const rows = tx.createQueryBuilder(PartnerRow, 'row');
      withinExtent(rows, extent, { tenant: 'row.tenantId', partner: 'row.partnerId' });
      if (query.parentPartnerId !== undefined)
        rows.andWhere('row.parentPartnerId = :parent', { parent: query.parentPartnerId });
      return pageOfRows(rows, query, show);
    });
  }

  @Documented({
    tag: 'Partners',
    summary: 'Show a partner',
    response: { schema: PartnerDetails, example },
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  @Permit('partners:read', { partner: 'partnerId' })
  @Get(':partnerId')
  async one(@Param({ schema: PartnerPath }) path: PartnerPath): Promise<PartnerDetails> {
    const { partnerId, kind, name, parentPartnerId, tenantId } = await this.partners.partner(path.partnerId);
    return { partnerId, kind, name, parentPartnerId, tenantId };
  }
}
