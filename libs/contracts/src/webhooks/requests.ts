import { z } from 'zod';
import { Id, IsoInstant, readOnly } from '../http/common.js';
import { INTEGRATION_EVENT_TYPES } from '../reporting/requests.js';
import { WebhookEndpointItem } from './responses.js';

/** The most types and subjects that an endpoint names. */
export const MAX_WEBHOOK_TYPES = 200;
export const MAX_WEBHOOK_SUBJECTS = 200;

/** The longest that old keys sign besides a new one. */
export const MAX_KEY_OVERLAP_HOURS = 168;

/** The most events that one request delivers again. */
export const MAX_REPLAYED_EVENTS = 100_000;

const Url = z
  .url({ protocol: /^https?$/, error: 'must be a URL such as https://hooks.example.com/allotree' })
  .max(2_000)
  .meta({ examples: ['https://hooks.example.com/allotree'] });

const Description = z
  .string()
  .trim()
  .max(200)
  // A check and no pattern: generators of clients and of tests cannot read classes of Unicode.
  .refine((text) => !/\p{Cc}/u.test(text), 'must not contain control characters');

const distinct = (values: readonly string[]): boolean => new Set(values).size === values.length;

/** `null`: events of every type, later ones included. */
const Types = z
  .array(z.string().max(200))
  .min(1, 'must name at least one type; null means every type')
  .max(MAX_WEBHOOK_TYPES)
  .refine(
    (types) => types.every((type) => INTEGRATION_EVENT_TYPES.includes(type)),
    'must be types of integration events',
  )
  .refine(distinct, 'must be different')
  .nullable()
  .meta({ examples: [['allotree.license-granted.v1', 'allotree.license-extended.v1']] });

/** `null`: events about everything. */
const Subjects = z
  .array(Id)
  .min(1, 'must name at least one subject; null means every subject')
  .max(MAX_WEBHOOK_SUBJECTS)
  .refine(distinct, 'must be different')
  .nullable()
  .meta({ examples: [['hafenblick']] });

/**
 * `POST /webhook-endpoints`. Without `tenantId`: the only tenant of the caller; for a server administrator every tenant, and events that
 * belong to none.
 */
export const CreateWebhookEndpointRequest = z
  .strictObject({
    tenantId: Id.optional(),
    url: Url,
    description: Description.default(''),
    types: Types.default(null),
    subjects: Subjects.default(null),
  })
  .meta({
    examples: [
      {
        url: 'https://hooks.example.com/allotree',
        description: 'Billing',
        types: ['allotree.license-granted.v1', 'allotree.license-extended.v1'],
      },
    ],
  });
export type CreateWebhookEndpointRequest = z.infer<typeof CreateWebhookEndpointRequest>;

const endpoint = WebhookEndpointItem.shape;
/** `PATCH /webhook-endpoints/{endpointId}` */
export const ChangeWebhookEndpointRequest = z
  .strictObject({
    url: Url.optional(),
    description: Description.optional(),
    types: Types.optional(),
    subjects: Subjects.optional(),
    status: z.enum(['active', 'paused']).optional(),
    endpointId: readOnly(endpoint.endpointId),
    tenantId: readOnly(endpoint.tenantId),
    disabledReason: readOnly(endpoint.disabledReason),
    disabledAt: readOnly(endpoint.disabledAt),
    failingSince: readOnly(endpoint.failingSince),
    createdAt: readOnly(endpoint.createdAt),
    createdBy: readOnly(endpoint.createdBy),
  })
  .refine((change) => Object.keys(change).length > 0, 'must change something')
  .meta({ examples: [{ status: 'paused' }] });
export type ChangeWebhookEndpointRequest = z.infer<typeof ChangeWebhookEndpointRequest>;

/** `POST /webhook-endpoints/{endpointId}/rotate` */
export const RotateWebhookKeyRequest = z
  .strictObject({ overlapHours: z.int().min(0).max(MAX_KEY_OVERLAP_HOURS).default(24) })
  .meta({ examples: [{ overlapHours: 24 }] });
export type RotateWebhookKeyRequest = z.infer<typeof RotateWebhookKeyRequest>;

const inRange = (at: string): boolean =>
  Date.parse(at) >= 0 && Date.parse(at) <= Date.parse('9999-12-31T23:59:59.999Z');
const Instant = IsoInstant.max(40).refine(inRange, 'must be in the years 1970 to 9999');

/** `POST /webhook-endpoints/{endpointId}/replay`: events with a time from `from` to before `until`. */
export const ReplayWebhooksRequest = z
  .strictObject({ from: Instant, until: Instant })
  .refine(({ from, until }) => Date.parse(from) < Date.parse(until), { path: ['until'], error: 'must be after from' })
  .meta({ examples: [{ from: '2026-06-01T00:00:00Z', until: '2026-06-02T00:00:00Z' }] });
export type ReplayWebhooksRequest = z.infer<typeof ReplayWebhooksRequest>;

/** `GET /webhook-keys` */
export const WebhookKeysQuery = z.strictObject({ endpointId: z.uuid('must be the id of a webhook endpoint') });
export type WebhookKeysQuery = z.infer<typeof WebhookKeysQuery>;
