import { Controller, Delete, HttpCode, Param, Query } from '@nestjs/common';
import { DryRun, type PreviewAnswer } from '@allotree/contracts';
import { Caller, Documented, isExpected, Permit, preview, staleRevision } from '@allotree/http';
import { WebhookEndpointRow } from '../../persistence/webhook-entities.js';
import { WebhookEndpointPath } from '../../webhook-paths.js';
import { WebhookEndpoints } from '../endpoints.js';

@Controller('webhook-endpoints')
export class RemoveEndpointController {
  constructor(private readonly endpoints: WebhookEndpoints) {}

  @Documented({
    tag: 'Webhooks',
    summary: 'Remove a webhook endpoint with its keys, its deliveries and what waits for it',
    problems: ['VALIDATION', 'FORBIDDEN', 'NOT_FOUND', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  @Permit('webhooks:manage')
  @HttpCode(204)
  @Delete(':endpointId')
  async remove(
    @Param({ schema: WebhookEndpointPath }) { endpointId }: WebhookEndpointPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Caller() caller: Caller,
  ): Promise<PreviewAnswer | undefined> {
    const { context, dryRun } = caller;
    await this.endpoints.change(caller, async (tx) => {
      const { revision } = await this.endpoints.one(tx, endpointId);
      const { expectedRevision = revision } = context;
      if (!isExpected(expectedRevision, revision)) throw staleRevision(expectedRevision, revision);
      // Lanes before the endpoint, as everywhere.
      await tx.query('SELECT FROM notifications.webhook_lane WHERE endpoint_id = $1 ORDER BY subject FOR UPDATE', [
        endpointId,
      ]);
      await tx.delete(WebhookEndpointRow, { endpointId });
    });
    return dryRun ? preview(caller, [{ type: 'webhook_endpoint_removed', data: { endpointId } }]) : undefined;
  }
}
