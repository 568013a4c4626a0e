import { randomUUID } from 'node:crypto';
import { Controller, HttpCode, Param, Post, Query } from '@nestjs/common';
import { dataSchemaOf, DryRun, QueuedWebhookTest, type PreviewAnswer } from '@allotree/contracts';
import { Caller, Documented, Permit, preview } from '@allotree/http';
import { hourAndDay, takeFromQuotas } from '@allotree/service';
import { WebhookEndpoints } from '../endpoints.js';
import { WebhookSender } from '../webhook-sender.js';
import { NOTIFICATIONS } from '../../tokens.js';
import { WebhookEndpointPath } from '../../webhook-paths.js';

const TYPE = 'allotree.webhook-test.v1';
const SOURCE = '/notification-service';

const TESTS_PER_HOUR = 60;
const TESTS_PER_DAY = 500;

/** Its lane is its own: the subject is the endpoint. */
const QUEUE = `
  WITH kept AS (
    INSERT INTO notifications.webhook_event (source, id, type, subject, tenant_id, at, body, is_test)
    VALUES ($1, $2, $3, $4, $5, $6, $7, true) RETURNING *
  ), queued AS (
    INSERT INTO notifications.webhook_delivery (delivery_id, endpoint_id, tenant_id, position, event_id, type, subject, kind)
    SELECT $8, $4::uuid, tenant_id, position, id, type, subject, 'test' FROM kept RETURNING subject, tenant_id
  )
  INSERT INTO notifications.webhook_lane AS lane (endpoint_id, subject, tenant_id, not_before)
  SELECT $4::uuid, subject, tenant_id, statement_timestamp() FROM queued
  ON CONFLICT (endpoint_id, subject) DO UPDATE SET not_before = coalesce(lane.not_before, excluded.not_before)`;

@Controller('webhook-endpoints/:endpointId/test')
export class SendTestController {
  constructor(
    private readonly endpoints: WebhookEndpoints,
    private readonly sender: WebhookSender,
  ) {}

  @Documented({
    tag: 'Webhooks',
    summary: 'Send a test event to a webhook endpoint, once',
    description: `Its type is \`${TYPE}\`, its subject the endpoint. The list of deliveries shows what became of it; a failure counts for nothing. A paused or disabled endpoint gets it when it goes on.`,
    response: {
      status: 202,
      schema: QueuedWebhookTest,
      example: {
        deliveryId: '9b3a1c2d-4e5f-4a6b-8c7d-9e0f1a2b3c4d',
        eventId: '0d4b6f3c-7a8e-4c1d-9b2f-3e5a6c7d8f90',
      },
    },
    problems: ['VALIDATION', 'FORBIDDEN', 'NOT_FOUND', 'RATE_LIMITED'],
    idempotent: true,
    dryRun: true,
  })
  @Permit('webhooks:manage')
  @HttpCode(202)
  @Post()
  async send(
    @Param({ schema: WebhookEndpointPath }) { endpointId }: WebhookEndpointPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Caller() caller: Caller,
  ): Promise<QueuedWebhookTest | PreviewAnswer> {
    const { principal, context, dryRun } = caller;
    const [deliveryId, eventId] = [randomUUID(), randomUUID()];
    const { tenantId } = await this.endpoints.as(principal, (tx) => this.endpoints.one(tx, endpointId));
    await this.endpoints.changeAsService(caller, async (tx) => {
      await takeFromQuotas((sql, values) => tx.query(sql, [...values]), NOTIFICATIONS, {
        what: 'test webhooks',
        number: 1,
        quotas: hourAndDay(`test webhooks|${tenantId ?? ''}`, TESTS_PER_HOUR, TESTS_PER_DAY),
      });
      const time = new Date().toISOString();
      const event = {
        specversion: '1.0',
        id: eventId,
        source: SOURCE,
        type: TYPE,
        subject: endpointId,
        time,
        datacontenttype: 'application/json',
        dataschema: dataSchemaOf(TYPE),
        ...(tenantId !== null && { tenantid: tenantId }),
        correlationid: context.correlationId,
        actor: context.actor,
        data: { endpointId },
      };
      const parameters = [SOURCE, eventId, TYPE, endpointId, tenantId, time, JSON.stringify(event), deliveryId];
      await tx.query(QUEUE, parameters);
    });
    if (dryRun) return preview(caller, [{ type: 'webhook_test_queued', data: { endpointId } }]);
    this.sender.wake();
    return { deliveryId, eventId };
  }
}
