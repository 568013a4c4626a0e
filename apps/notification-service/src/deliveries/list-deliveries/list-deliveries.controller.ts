import { Controller, Get, Param, Query } from '@nestjs/common';
import { DELIVERIES, DeliveriesQuery, DeliveryItem, DeliveryPage, type PageOf } from '@allotree/contracts';
import { emailKey } from '@allotree/domain';
import { notFound, Caller, Documented, Permit } from '@allotree/http';
import { applyFilter, columnsOf, pageOfRows } from '@allotree/read-models';
import { TenantRows } from '@allotree/identity';
import { SeenMails } from '../../access/seen-mails.js';
import { DeliveryPath } from '../../paths.js';
import { MailRow } from '../../persistence/entities.js';
import { DELIVERY_EXAMPLE, NEXT_ATTEMPT_AT, showDelivery } from '../show-delivery.js';

const COLUMNS = columnsOf(DELIVERIES.filters, {
  deliveryId: 'CAST(row.mailId AS text)',
  to: 'row.recipient',
  nextAttemptAt: NEXT_ATTEMPT_AT,
});

@Controller('deliveries')
export class ListDeliveriesController {
  constructor(
    private readonly rows: TenantRows,
    private readonly seen: SeenMails,
  ) {}

  @Documented({
    tag: 'Mail',
    summary: 'List mails and what became of them, the newest first',
    description: '`status=dead` are the dead letters: nobody tries them any more until they are sent again.',
    response: { schema: DeliveryPage, example: { items: [DELIVERY_EXAMPLE], nextCursor: null } },
    list: DELIVERIES,
    problems: ['VALIDATION'],
  })
  @Permit('mail:read')
  @Get()
  async list(
    @Query({ schema: DeliveriesQuery }) query: DeliveriesQuery,
    @Caller() caller: Caller,
  ): Promise<PageOf<DeliveryItem>> {
    const { principal } = caller;
    return this.rows.as(principal, 'mail:read', async (tx) => {
      const rows = await this.seen.only(tx.createQueryBuilder(MailRow, 'row'), principal, 'mail:read');
      const { status, to, projectId } = query;
      if (status !== undefined) rows.andWhere('row.status = :status', { status });
      if (to !== undefined) rows.andWhere('row.recipientKey = :to', { to: emailKey(to) });
      if (projectId !== undefined) rows.andWhere('row.projectIds @> ARRAY[:projectId]::text[]', { projectId });
      applyFilter(rows, query.filter, COLUMNS);
      return pageOfRows(rows, query, showDelivery);
    });
  }

  @Documented({
    tag: 'Mail',
    summary: 'Show what became of a mail',
    response: { schema: DeliveryItem, example: DELIVERY_EXAMPLE },
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  @Permit('mail:read')
  @Get(':id')
  async one(@Param({ schema: DeliveryPath }) { id }: DeliveryPath, @Caller() caller: Caller): Promise<DeliveryItem> {
    const { principal } = caller;
    const row = await this.rows.as(principal, 'mail:read', async (tx) => {
      const rows = await this.seen.only(tx.createQueryBuilder(MailRow, 'row'), principal, 'mail:read');
      return rows.andWhere('row.mailId = :id', { id }).getOne();
    });
    if (row === null) throw notFound('delivery', id);
    return showDelivery(row);
  }
}
