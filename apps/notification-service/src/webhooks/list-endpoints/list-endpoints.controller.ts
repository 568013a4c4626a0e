import { Controller, Get, Param, Query } from '@nestjs/common';
import {
  WEBHOOK_ENDPOINTS,
  WebhookEndpointItem,
  WebhookEndpointPage,
  WebhookEndpointsQuery,
  type PageOf,
} from '@allotree/contracts';
import { Caller, Documented, Permit } from '@allotree/http';
import { applyFilter, columnsOf, pageOfRows } from '@allotree/read-models';
import { WebhookEndpointRow } from '../../persistence/webhook-entities.js';
import { WebhookEndpointPath } from '../../webhook-paths.js';
import { ENDPOINT_EXAMPLE, showEndpoint, WebhookEndpoints } from '../endpoints.js';

const COLUMNS = columnsOf(WEBHOOK_ENDPOINTS.filters, { endpointId: 'CAST(row.endpointId AS text)' });

@Controller('webhook-endpoints')
export class ListEndpointsController {
  constructor(private readonly endpoints: WebhookEndpoints) {}

  @Documented({
    tag: 'Webhooks',
    summary: 'List webhook endpoints, the newest first',
    response: { schema: WebhookEndpointPage, example: { items: [ENDPOINT_EXAMPLE], nextCursor: null } },
    list: WEBHOOK_ENDPOINTS,
    problems: ['VALIDATION', 'FORBIDDEN'],
  })
  @Permit('webhooks:manage')
  @Get()
  async list(
    @Query({ schema: WebhookEndpointsQuery }) query: WebhookEndpointsQuery,
    @Caller() { principal }: Caller,
  ): Promise<PageOf<WebhookEndpointItem>> {
    return this.endpoints.as(principal, (tx) => {
      const rows = tx.createQueryBuilder(WebhookEndpointRow, 'row');
      applyFilter(rows, query.filter, COLUMNS);
      return pageOfRows(rows, query, showEndpoint);
    });
  }

  @Documented({
    tag: 'Webhooks',
    summary: 'Show a webhook endpoint',
    response: { schema: WebhookEndpointItem, example: ENDPOINT_EXAMPLE },
    problems: ['VALIDATION', 'FORBIDDEN', 'NOT_FOUND'],
  })
  @Permit('webhooks:manage')
  @Get(':endpointId')
  async one(
    @Param({ schema: WebhookEndpointPath }) { endpointId }: WebhookEndpointPath,
    @Caller() caller: Caller,
  ): Promise<WebhookEndpointItem> {
    const row = await this.endpoints.as(caller.principal, (tx) => this.endpoints.one(tx, endpointId));
    caller.answerRevision(row.revision);
    return showEndpoint(row);
  }
}
