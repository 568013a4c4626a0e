import type { DeliveryItem } from '@allotree/contracts';
import type { MailRow } from '../persistence/entities.js';

const iso = (at: Date | null): string | null => at?.toISOString() ?? null;

const nextAttemptAt = ({ status, notBefore, heldUntil }: MailRow): string | null => {
  if (status !== 'pending' && status !== 'failed') return null;
  return (heldUntil ?? notBefore).toISOString();
};

/** The same in SQL. */
export const NEXT_ATTEMPT_AT =
  "CASE WHEN row.status IN ('pending', 'failed') THEN COALESCE(row.heldUntil, row.notBefore) END";

export const showDelivery = (row: MailRow): DeliveryItem => ({
  deliveryId: row.mailId,
  mailType: row.mailType,
  status: row.status,
  to: row.recipient,
  recipientName: row.recipientName,
  tenantId: row.tenantId,
  projectIds: row.projectIds,
  subject: row.subject,
  messageId: row.messageId,
  attempts: row.attempts,
  error: row.error,
  createdAt: row.createdAt.toISOString(),
  nextAttemptAt: nextAttemptAt(row),
  sentAt: iso(row.sentAt),
});

export const DELIVERY_EXAMPLE: DeliveryItem = {
  deliveryId: '3f0c2d4a-1b2c-8d3e-9f40-51a2b3c4d5e6',
  mailType: 'license_expiry_reminder',
  status: 'failed',
  to: 'ada@nordlicht.example',
  recipientName: 'Ada Berg',
  tenantId: 'nordlicht',
  projectIds: ['hafenblick'],
  subject: 'Hafenblick: licenses end in 30 days',
  messageId: '<3f0c2d4a-1b2c-8d3e-9f40-51a2b3c4d5e6@nordlicht.example>',
  attempts: 2,
  error: 'Connection timeout',
  createdAt: '2026-11-01T07:00:00.000Z',
  nextAttemptAt: '2026-11-01T07:04:00.000Z',
  sentAt: null,
};
