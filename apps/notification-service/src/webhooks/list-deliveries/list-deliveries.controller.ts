import { Controller, Get, Param, Query } from '@nestjs/common';
import {
  WEBHOOK_DELIVERIES,
  WebhookDeliveriesQuery,
  WebhookDeliveryPage,
  type PageOf,
  type WebhookDeliveryItem,
} from '@allotree/contracts';
import { Caller, Documented, Permit } from '@allotree/http';
import { applyFilter, columnsOf, pageOfRows } from '@allotree/read-models';
import { WebhookDeliveryRow } from '../../persistence/webhook-entities.js';
import { WebhookEndpointPath } from '../../webhook-paths.js';
import { WebhookEndpoints } from '../endpoints.js';

const COLUMNS = columnsOf(WEBHOOK_DELIVERIES.filters, { deliveryId: 'CAST(row.deliveryId AS text)' });

const iso = (at: Date | null): string | null => at?.toISOString() ?? null;

const show = (row: WebhookDeliveryRow): WebhookDeliveryItem => ({
  deliveryId: row.deliveryId,
  kind: row.kind,
  status: row.status,
  eventId: row.eventId,
  type: row.type,
  subject: row.subject,
  attempts: row.attempts,
  responseStatus: row.responseStatus,
  error: row.error,
  createdAt: row.createdAt.toISOString(),
  lastAttemptAt: iso(row.lastAttemptAt),
  nextAttemptAt: iso(row.nextAttemptAt),
  deliveredAt: iso(row.deliveredAt),
});

const EXAMPLE: WebhookDeliveryItem = {
  deliveryId: '9b3a1c2d-4e5f-4a6b-8c7d-9e0f1a2b3c4d',
  kind: 'event',
  status: 'pending',
  eventId: '5b1c7c52-2a0e-5a3a-8d0f-6a1d3f0e9b11',
  type: 'allotree.license-extended.v1',
  subject: 'hafenblick',
  attempts: 2,
  responseStatus: 503,
  error: 'answered with status 503',
  createdAt: '2026-06-01T08:00:00.100Z',
  lastAttemptAt: '2026-06-01T08:00:05.400Z',
  nextAttemptAt: '2026-06-01T08:05:12.900Z',
  deliveredAt: null,
};

@Controller('webhook-endpoints/:endpointId/deliveries')
export class ListWebhookDeliveriesController {
  constructor(private readonly endpoints: WebhookEndpoints) {}

  @Documented({
    tag: 'Webhooks',
    summary: 'List what was sent to a webhook endpoint or waits for it, the newest first',
    description:
      'Of each answer only the status is kept. `status = "failed"` are those that nobody tries any more; a replay sends them again.',
    response: { schema: WebhookDeliveryPage, example: { items: [EXAMPLE], nextCursor: null } },
    list: WEBHOOK_DELIVERIES,
    problems: ['VALIDATION', 'FORBIDDEN', 'NOT_FOUND'],
  })
  @Permit('webhooks:manage')
  @Get()
  async list(
    @Param({ schema: WebhookEndpointPath }) { endpointId }: WebhookEndpointPath,
    @Query({ schema: WebhookDeliveriesQuery }) query: WebhookDeliveriesQuery,
    @Caller() { principal }: Caller,
  ): Promise<PageOf<WebhookDeliveryItem>> {
    return this.endpoints.as(principal, async (tx) => {
      await this.endpoints.one(tx, endpointId);
      const rows = tx
        .createQueryBuilder(WebhookDeliveryRow, 'row')
        .where('row.endpointId = :endpointId', { endpointId });
      applyFilter(rows, query.filter, COLUMNS);
      return pageOfRows(rows, query, show);
    });
  }
}
