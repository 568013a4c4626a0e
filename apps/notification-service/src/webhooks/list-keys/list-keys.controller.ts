import { Controller, Get, Query } from '@nestjs/common';
import { WebhookKeys, WebhookKeysQuery } from '@allotree/contracts';
import { Documented, notFound, Public } from '@allotree/http';
import { KEY_EXAMPLE, WebhookEndpoints } from '../endpoints.js';

@Controller('webhook-keys')
export class ListKeysController {
  constructor(private readonly endpoints: WebhookEndpoints) {}

  /** Public keys are no secret, and receivers have no account: anyone who knows the random id of an endpoint gets its keys. */
  @Documented({
    tag: 'Webhooks',
    summary: 'Show the public keys that verify the `v1a` signatures of a webhook endpoint, the newest first',
    response: {
      schema: WebhookKeys,
      example: {
        keys: [
          {
            keyId: KEY_EXAMPLE.keyId,
            publicKey: KEY_EXAMPLE.publicKey,
            createdAt: '2026-06-01T08:00:00.000Z',
            expiresAt: null,
          },
        ],
      },
    },
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  @Public()
  @Get()
  async list(@Query({ schema: WebhookKeysQuery }) { endpointId }: WebhookKeysQuery): Promise<WebhookKeys> {
    const keys = await this.endpoints.publicKeys(endpointId);
    if (keys.length === 0) throw notFound('webhook endpoint', endpointId);
    return { keys: [...keys] };
  }
}
