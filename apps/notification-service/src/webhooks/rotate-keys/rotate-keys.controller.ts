import { Body, Controller, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CreatedWebhookKey, DryRun, RotateWebhookKeyRequest, type PreviewAnswer } from '@allotree/contracts';
import { Caller, Documented, NotKept, Permit, preview } from '@allotree/http';
import { WebhookEndpointPath } from '../../webhook-paths.js';
import { KEY_EXAMPLE, WebhookEndpoints } from '../endpoints.js';

@Controller('webhook-endpoints/:endpointId/rotate')
export class RotateKeysController {
  constructor(private readonly endpoints: WebhookEndpoints) {}

  @Documented({
    tag: 'Webhooks',
    summary: 'Give a webhook endpoint a new key; its secret is shown only in this response',
    description:
      'Older keys sign beside it for `overlapHours`, so a receiver changes its key without losing a webhook. With 0 they end at once.',
    response: {
      status: 201,
      schema: CreatedWebhookKey,
      example: { ...KEY_EXAMPLE, olderKeysUntil: '2026-06-02T08:00:00.000Z' },
    },
    problems: ['VALIDATION', 'FORBIDDEN', 'NOT_FOUND'],
    dryRun: true,
  })
  @NotKept()
  @Permit('webhooks:manage')
  @HttpCode(201)
  @Post()
  async rotate(
    @Param({ schema: WebhookEndpointPath }) { endpointId }: WebhookEndpointPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: RotateWebhookKeyRequest }) { overlapHours }: RotateWebhookKeyRequest,
    @Caller() caller: Caller,
  ): Promise<CreatedWebhookKey | PreviewAnswer> {
    const { dryRun } = caller;
    const created = await this.endpoints.change(caller, async (tx) => {
      const endpoint = await this.endpoints.one(tx, endpointId);
      return this.endpoints.addKey(tx, endpoint, overlapHours);
    });
    return dryRun ? preview(caller, [{ type: 'webhook_key_rotated', data: { endpointId, overlapHours } }]) : created;
  }
}
