import { Body, Controller, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  DryRun,
  MAX_REPLAYED_EVENTS,
  QueuedWebhooks,
  ReplayWebhooksRequest,
  type PreviewAnswer,
} from '@allotree/contracts';
import { Caller, Documented, Permit, preview, Problem } from '@allotree/http';
import { WebhookEndpointPath } from '../../webhook-paths.js';
import { hurry, WebhookEndpoints } from '../endpoints.js';
import { WebhookSender } from '../webhook-sender.js';

/** $1 endpoint, $2 from, $3 until, $4 how many. Those that wait for it already are not queued twice. */
const REPLAY = `
  WITH chosen AS (
    SELECT event.position, event.id, event.type, event.subject, endpoint.tenant_id
    FROM notifications.webhook_endpoint endpoint JOIN notifications.webhook_event event
      ON (endpoint.tenant_id IS NULL OR event.tenant_id = endpoint.tenant_id)
    WHERE endpoint.endpoint_id = $1 AND event.at >= $2 AND event.at < $3 AND NOT event.is_test
      AND (endpoint.types IS NULL OR event.type = ANY (endpoint.types))
      AND (endpoint.subjects IS NULL OR event.subject = ANY (endpoint.subjects))
      AND NOT EXISTS (
        SELECT FROM notifications.webhook_delivery waiting
        WHERE waiting.position = event.position AND waiting.endpoint_id = $1 AND waiting.status = 'pending')
    ORDER BY event.position LIMIT $4
  ), queued AS (
    INSERT INTO notifications.webhook_delivery (endpoint_id, tenant_id, position, event_id, type, subject, kind)
    SELECT $1, tenant_id, position, id, type, subject, 'replay' FROM chosen ORDER BY position RETURNING subject, tenant_id
  ), lanes AS (
    INSERT INTO notifications.webhook_lane AS lane (endpoint_id, subject, tenant_id, not_before)
    SELECT DISTINCT $1::uuid, subject, tenant_id, statement_timestamp() FROM queued ORDER BY subject
    ON CONFLICT (endpoint_id, subject) DO UPDATE SET not_before = coalesce(lane.not_before, excluded.not_before)
  )
  SELECT count(*)::integer AS queued FROM queued`;

@Controller('webhook-endpoints/:endpointId/replay')
export class ReplayEventsController {
  constructor(
    private readonly endpoints: WebhookEndpoints,
    private readonly sender: WebhookSender,
  ) {}

  @Documented({
    tag: 'Webhooks',
    summary: 'Send the events of a range of time to a webhook endpoint again',
    description:
      'Those of its types and subjects, with their ids, after what waits for it already; what waits for its next attempt goes at once. As far back as events are kept (WEBHOOK_RETENTION_DAYS), and no further than the first endpoint of the tenant. Older ones are in `GET /events`.',
    response: { status: 202, schema: QueuedWebhooks, example: { queued: 42 } },
    problems: ['VALIDATION', 'FORBIDDEN', 'NOT_FOUND'],
    idempotent: true,
    dryRun: true,
  })
  @Permit('webhooks:manage')
  @HttpCode(202)
  @Post()
  async replay(
    @Param({ schema: WebhookEndpointPath }) { endpointId }: WebhookEndpointPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: ReplayWebhooksRequest }) { from, until }: ReplayWebhooksRequest,
    @Caller() caller: Caller,
  ): Promise<QueuedWebhooks | PreviewAnswer> {
    const { dryRun } = caller;
    const queued = await this.endpoints.change(caller, async (tx) => {
      await this.endpoints.one(tx, endpointId);
      const [row]: { queued: number }[] = await tx.query(REPLAY, [endpointId, from, until, MAX_REPLAYED_EVENTS + 1]);
      const number = row?.queued ?? 0;
      if (number > MAX_REPLAYED_EVENTS)
        throw Problem.validation('from', `there are more than ${MAX_REPLAYED_EVENTS} events: ask for a shorter range`);
      await hurry(tx, endpointId);
      return number;
    });
    if (dryRun) return preview(caller, [{ type: 'webhooks_replayed', data: { endpointId, queued } }]);
    this.sender.wake();
    return { queued };
  }
}
