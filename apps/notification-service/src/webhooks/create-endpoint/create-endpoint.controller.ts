import { randomUUID } from 'node:crypto';
import { Body, Controller, Post, Query } from '@nestjs/common';
import { CreatedWebhookKey, CreateWebhookEndpointRequest, DryRun, type PreviewAnswer } from '@allotree/contracts';
import { Caller, Documented, NotKept, notFound, Permit, preview, Problem, type Principal } from '@allotree/http';
import type { EntityManager } from 'typeorm';
import { WebhookEndpointRow } from '../../persistence/webhook-entities.js';
import { KEY_EXAMPLE, madeBy, WebhookEndpoints } from '../endpoints.js';

/** Every event of a tenant goes to each of its endpoints. */
const MAX_ENDPOINTS = 50;

@Controller('webhook-endpoints')
export class CreateEndpointController {
  constructor(private readonly endpoints: WebhookEndpoints) {}

  @Documented({
    tag: 'Webhooks',
    summary: 'Send integration events to a URL from now on; the secret of the endpoint is shown only in this response',
    description:
      'The events of the tenant, as `GET /events` has them, are sent by the rules of Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`), those of a subject one after another. The URL begins with https:// and leads to public addresses only.',
    response: { status: 201, schema: CreatedWebhookKey, example: KEY_EXAMPLE },
    problems: ['VALIDATION', 'URL_NOT_ALLOWED', 'FORBIDDEN', 'NOT_FOUND', 'TOO_MANY_WEBHOOK_ENDPOINTS'],
    dryRun: true,
  })
  @NotKept()
  @Permit('webhooks:manage')
  @Post()
  async create(
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: CreateWebhookEndpointRequest }) body: CreateWebhookEndpointRequest,
    @Caller() caller: Caller,
  ): Promise<CreatedWebhookKey | PreviewAnswer> {
    const { principal, context, dryRun } = caller;
    const tenantId = await this.tenantOf(principal, body.tenantId);
    const { url, description, types, subjects } = body;
    await this.endpoints.checkUrl(url);
    const endpoint = { endpointId: randomUUID(), tenantId, url, description, types, subjects };
    const created = await this.endpoints.change(caller, async (tx) => {
      await checkRoom(tx, tenantId);
      await tx.insert(WebhookEndpointRow, {
        ...endpoint,
        status: 'active',
        revision: 1,
        createdBy: context.actor,
        madeBy: madeBy(principal),
      });
      return this.endpoints.addKey(tx, endpoint, 0);
    });
    if (dryRun) return preview(caller, [{ type: 'webhook_endpoint_created', data: { tenantId, url, description } }]);
    caller.answerRevision(1);
    return created;
  }

  /** `null`: of all tenants, by the server administrator. */
  private async tenantOf(principal: Principal, asked: string | undefined): Promise<string | null> {
    const tenants = await this.endpoints.tenants(principal);
    if (asked !== undefined) {
      if (tenants === null) await this.endpoints.checkTenant(asked);
      else if (!tenants.includes(asked)) throw notFound('tenant', asked);
      return asked;
    }
    if (tenants === null) return null;
    const [only = null, ...others] = tenants;
    if (others.length > 0) throw Problem.validation('tenantId', 'is required: name the tenant of the endpoint');
    return only;
  }
}

async function checkRoom(tx: EntityManager, tenantId: string | null): Promise<void> {
  await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('allotree webhook endpoints ' || $1, 0))", [
    tenantId ?? '',
  ]);
  const [row]: { number: number }[] = await tx.query(
    'SELECT count(*)::integer AS number FROM notifications.webhook_endpoint WHERE tenant_id IS NOT DISTINCT FROM $1',
    [tenantId],
  );
  if ((row?.number ?? 0) >= MAX_ENDPOINTS)
    throw new Problem(
      'TOO_MANY_WEBHOOK_ENDPOINTS',
      `A tenant can have ${MAX_ENDPOINTS} webhook endpoints: remove one`,
      {
        limit: MAX_ENDPOINTS,
      },
    );
}
