import { z } from 'zod';
import { Id } from '../http/common.js';
import { listOf, listQuery, pageQuery } from '../lists/index.js';
import { Language } from '../people/requests.js';
import { DeliveryItem, OutboxItem, TemplateItem } from './responses.js';
import { DeliveryStatusName } from './words.js';

const NEWEST_FIRST = ['desc', 'asc'] as const;
const address = z.string().trim().min(1).max(320);

export const DELIVERIES = listOf(DeliveryItem, {
  id: 'deliveryId',
  filters: [
    'deliveryId',
    'mailType',
    'status',
    'to',
    'recipientName',
    'tenantId',
    'projectIds',
    'subject',
    'messageId',
    'attempts',
    'error',
    'createdAt',
    'nextAttemptAt',
    'sentAt',
  ],
  orders: { createdAt: NEWEST_FIRST },
  example: 'status = "failed" AND attempts >= 3',
});
/** `GET /deliveries` */
export const DeliveriesQuery = pageQuery(DELIVERIES).extend({
  status: DeliveryStatusName.optional(),
  to: address.optional(),
  projectId: Id.optional(),
});
export type DeliveriesQuery = z.infer<typeof DeliveriesQuery>;

export const OUTBOX = listOf(OutboxItem, {
  id: 'outboxId',
  filters: ['outboxId', 'to', 'subject', 'mailType', 'projectIds', 'sentAt'],
  orders: { sentAt: NEWEST_FIRST },
  example: 'mailType = "invitation" AND sentAt >= "2026-06-01"',
});
/** `GET /outbox` */
export const OutboxQuery = pageQuery(OUTBOX).extend({ to: address.optional(), projectId: Id.optional() });
export type OutboxQuery = z.infer<typeof OutboxQuery>;

export const TEMPLATES = listOf(TemplateItem, {
  id: 'mailType',
  filters: ['mailType', 'tenantId', 'custom', 'customizable', 'subject', 'changedAt'],
  orders: { mailType: ['asc', 'desc'] },
  example: 'custom = true',
});
/** `GET /mail-templates` */
export const TemplatesQuery = listQuery(TEMPLATES).extend({ tenantId: Id.optional(), language: Language.optional() });
export type TemplatesQuery = z.infer<typeof TemplatesQuery>;
