import { z } from 'zod';
import { Count, Id, IsoInstant, pageOf } from '../http/common.js';

/** `disabled`: by the system, `disabledReason` says why. */
export const WebhookStatusName = z.enum(['active', 'paused', 'disabled']);
export type WebhookStatusName = z.infer<typeof WebhookStatusName>;

/**
 * `gone`: the receiver answered 410; `failing`: nothing could be delivered for five days; `unauthorized`: the person who set it up lost
 * `webhooks:manage`.
 */
export const WebhookDisabledReason = z.enum(['gone', 'failing', 'unauthorized']);
export type WebhookDisabledReason = z.infer<typeof WebhookDisabledReason>;

export const WebhookEndpointItem = z.object({
  endpointId: Id,
  /** `null`: every tenant, and events that belong to none. */
  tenantId: Id.nullable(),
  url: z.string(),
  description: z.string(),
  types: z.array(z.string()).nullable(),
  subjects: z.array(z.string()).nullable(),
  status: WebhookStatusName,
  disabledReason: WebhookDisabledReason.nullable(),
  disabledAt: IsoInstant.nullable(),
  /** Since when every delivery has failed. */
  failingSince: IsoInstant.nullable(),
  createdAt: IsoInstant,
  createdBy: z.string(),
});
export type WebhookEndpointItem = z.infer<typeof WebhookEndpointItem>;
export const WebhookEndpointPage = pageOf(WebhookEndpointItem);

/** The keys of a new endpoint, or after a rotation. `secret` is shown in this answer only. */
export const CreatedWebhookKey = z.object({
  endpointId: Id,
  keyId: Id,
  /** For `v1` (HMAC-SHA256): `whsec_` and base64. */
  secret: z.string(),
  /** For `v1a` (Ed25519): `whpk_` and base64. */
  publicKey: z.string(),
  /** Until when older keys sign as well; `null`: there are none. */
  olderKeysUntil: IsoInstant.nullable(),
});
export type CreatedWebhookKey = z.infer<typeof CreatedWebhookKey>;

/** The public keys of an endpoint, the newest first. */
export const WebhookKeys = z.object({
  keys: z.array(
    z.object({
      keyId: Id,
      publicKey: z.string(),
      createdAt: IsoInstant,
      /** `null`: until the next rotation. */
      expiresAt: IsoInstant.nullable(),
    }),
  ),
});
export type WebhookKeys = z.infer<typeof WebhookKeys>;

/** `failed`: nobody tries any more, until it is replayed. */
export const WebhookDeliveryStatusName = z.enum(['pending', 'delivered', 'failed']);
export const WebhookDeliveryKind = z.enum(['event', 'replay', 'test']);

export const WebhookDeliveryItem = z.object({
  deliveryId: Id,
  kind: WebhookDeliveryKind,
  status: WebhookDeliveryStatusName,
  /** The id of the event, and the `webhook-id` of every attempt. */
  eventId: z.string(),
  type: z.string(),
  subject: z.string(),
  attempts: z.int(),
  /** The HTTP status of the last attempt; `null`: there was no answer, or no attempt. */
  responseStatus: z.int().nullable(),
  /** Why the last attempt failed. */
  error: z.string().nullable(),
  createdAt: IsoInstant,
  lastAttemptAt: IsoInstant.nullable(),
  /** `null`: not any more, or as soon as earlier ones of its subject are through. */
  nextAttemptAt: IsoInstant.nullable(),
  deliveredAt: IsoInstant.nullable(),
});
export type WebhookDeliveryItem = z.infer<typeof WebhookDeliveryItem>;
export const WebhookDeliveryPage = pageOf(WebhookDeliveryItem);

export const QueuedWebhooks = z.object({ queued: Count });
export type QueuedWebhooks = z.infer<typeof QueuedWebhooks>;

export const QueuedWebhookTest = z.object({ deliveryId: Id, eventId: z.string() });
export type QueuedWebhookTest = z.infer<typeof QueuedWebhookTest>;
