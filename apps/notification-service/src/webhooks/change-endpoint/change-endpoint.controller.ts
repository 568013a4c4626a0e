import { Body, Controller, Param, Patch, Query } from '@nestjs/common';
import { ChangeWebhookEndpointRequest, DryRun, WebhookEndpointItem, type PreviewAnswer } from '@allotree/contracts';
import { Caller, Documented, isExpected, Permit, preview, refuseReadOnlyChanges, staleRevision } from '@allotree/http';
import { WebhookEndpointRow } from '../../persistence/webhook-entities.js';
import { WebhookEndpointPath } from '../../webhook-paths.js';
import { ENDPOINT_EXAMPLE, hurry, madeBy, showEndpoint, WebhookEndpoints } from '../endpoints.js';
import { WebhookSender } from '../webhook-sender.js';

@Controller('webhook-endpoints')
export class ChangeEndpointController {
  constructor(
    private readonly endpoints: WebhookEndpoints,
    private readonly sender: WebhookSender,
  ) {}

  @Documented({
    tag: 'Webhooks',
    summary: 'Change a webhook endpoint, pause it, or let it go on',
    description:
      'Types and subjects are those of events from now on. Meanwhile a paused or disabled endpoint keeps its events; with `status: active` they follow in their order, and what waits for its next attempt goes at once. From then on the endpoint depends on the permission of its last editor.',
    response: { schema: WebhookEndpointItem, example: ENDPOINT_EXAMPLE },
    problems: ['VALIDATION', 'URL_NOT_ALLOWED', 'FORBIDDEN', 'NOT_FOUND', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  @Permit('webhooks:manage')
  @Patch(':endpointId')
  async change(
    @Param({ schema: WebhookEndpointPath }) { endpointId }: WebhookEndpointPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: ChangeWebhookEndpointRequest }) body: ChangeWebhookEndpointRequest,
    @Caller() caller: Caller,
  ): Promise<WebhookEndpointItem | PreviewAnswer> {
    const { principal, context, dryRun } = caller;
    // Checked before the host name of the URL is resolved, so that callers cannot trigger a lookup with an endpoint they do not see.
    const shown = showEndpoint(await this.endpoints.as(principal, (tx) => this.endpoints.one(tx, endpointId)));
    const {
      url: _url,
      description: _description,
      types: _types,
      subjects: _subjects,
      status: _status,
      ...fixed
    } = shown;
    refuseReadOnlyChanges(body, fixed);
    if (body.url !== undefined) await this.endpoints.checkUrl(body.url);
    const { row, isChanged } = await this.endpoints.change(caller, async (tx) => {
      const before = await this.endpoints.one(tx, endpointId);
      const { expectedRevision = before.revision } = context;
      if (!isExpected(expectedRevision, before.revision)) throw staleRevision(expectedRevision, before.revision);
      const change = changeOf(before, body);
      if (change === null) return { row: before, isChanged: false };
      // Lanes before the endpoint, as everywhere.
      if (body.url !== undefined || body.status === 'active') await hurry(tx, endpointId);
      const revision = before.revision + 1;
      const { affected } = await tx.update(
        WebhookEndpointRow,
        { endpointId, revision: before.revision },
        { ...change, revision, madeBy: madeBy(principal) },
      );
      if (affected !== 1) throw staleRevision(before.revision, revision);
      return { row: await this.endpoints.one(tx, endpointId), isChanged: true };
    });
    if (dryRun) return preview(caller, isChanged ? [{ type: 'webhook_endpoint_changed', data: { endpointId } }] : []);
    this.sender.wake();
    caller.answerRevision(row.revision);
    return showEndpoint(row);
  }
}

type Change = Partial<Pick<WebhookEndpointRow, 'url' | 'description' | 'types' | 'subjects'>> &
  Partial<Pick<WebhookEndpointRow, 'status' | 'disabledReason' | 'disabledAt' | 'failingSince'>>;

const CHANGEABLE = ['url', 'description', 'types', 'subjects', 'status'] as const;
const WORKING = { disabledReason: null, disabledAt: null, failingSince: null };

/** `null`: it is like that already. */
function changeOf(before: WebhookEndpointRow, asked: ChangeWebhookEndpointRequest): Change | null {
  const names = CHANGEABLE.filter((name) => asked[name] !== undefined);
  const isSame = names.every((name) => JSON.stringify(asked[name]) === JSON.stringify(before[name]));
  if (isSame) return null;
  const change = Object.fromEntries(names.map((name) => [name, asked[name]])) as Change;
  return asked.status === undefined && asked.url === undefined ? change : { ...change, ...workingAgain(before, asked) };
}

/** Five days are counted anew for another URL, and after somebody has let it go on. */
const workingAgain = ({ status }: WebhookEndpointRow, asked: ChangeWebhookEndpointRequest): Partial<Change> =>
  asked.status !== undefined || status !== 'disabled' ? WORKING : { failingSince: null };
