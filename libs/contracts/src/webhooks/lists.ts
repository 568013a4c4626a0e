import type { z } from 'zod';
import { listOf, pageQuery } from '../lists/index.js';
import { WebhookDeliveryItem, WebhookEndpointItem } from './responses.js';

const NEWEST_FIRST = ['desc', 'asc'] as const;

export const WEBHOOK_ENDPOINTS = listOf(WebhookEndpointItem, {
  id: 'endpointId',
  filters: [
    'endpointId',
    'tenantId',
    'url',
    'description',
    'status',
    'disabledReason',
    'disabledAt',
    'failingSince',
    'createdAt',
    'createdBy',
  ],
  orders: { createdAt: NEWEST_FIRST },
  example: 'status = "disabled"',
});
/** `GET /webhook-endpoints` */
export const WebhookEndpointsQuery = pageQuery(WEBHOOK_ENDPOINTS);
export type WebhookEndpointsQuery = z.infer<typeof WebhookEndpointsQuery>;

export const WEBHOOK_DELIVERIES = listOf(WebhookDeliveryItem, {
  id: 'deliveryId',
  filters: [
    'deliveryId',
    'kind',
    'status',
    'eventId',
    'type',
    'subject',
    'attempts',
    'responseStatus',
    'error',
    'createdAt',
    'lastAttemptAt',
    'nextAttemptAt',
    'deliveredAt',
  ],
  orders: { createdAt: NEWEST_FIRST },
  example: 'status = "failed" AND subject = "hafenblick"',
});
/** `GET /webhook-endpoints/{endpointId}/deliveries` */
export const WebhookDeliveriesQuery = pageQuery(WEBHOOK_DELIVERIES);
export type WebhookDeliveriesQuery = z.infer<typeof WebhookDeliveriesQuery>;
