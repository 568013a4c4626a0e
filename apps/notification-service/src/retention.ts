import type { RetentionPolicy } from '@allotree/jobs';

/** A mail on its way stays, however old it is. Its items go with it. */
const MAILS = `
  DELETE FROM notifications.mail WHERE mail_id IN (
    SELECT mail_id FROM notifications.mail
    WHERE status IN ('sent', 'dead', 'obsolete') AND created_at < now() - make_interval(days => $1) LIMIT $2)`;

/** After their mails. A job is not handed over twice so long after. */
const NOTICES = `
  DELETE FROM notifications.notice WHERE notice_id IN (
    SELECT notice_id FROM notifications.notice AS notice
    WHERE state <> 'new' AND not_before < now() - make_interval(days => $1)
      AND NOT EXISTS (SELECT FROM notifications.mail_item AS item WHERE item.notice_id = notice.notice_id)
    LIMIT $2)`;

const OUTBOX = `
  DELETE FROM notifications.outbox WHERE outbox_id IN (
    SELECT outbox_id FROM notifications.outbox WHERE sent_at < now() - make_interval(days => $1) LIMIT $2)`;

/** With their deliveries. */
const WEBHOOKS = `
  DELETE FROM notifications.webhook_event WHERE position IN (
    SELECT position FROM notifications.webhook_event
    WHERE recorded_at < now() - make_interval(days => $1) ORDER BY recorded_at LIMIT $2)`;

interface Settings {
  readonly MAIL_RETENTION_DAYS: number;
  readonly WEBHOOK_RETENTION_DAYS: number;
}

export const notificationPolicies = ({
  MAIL_RETENTION_DAYS: days,
  WEBHOOK_RETENTION_DAYS,
}: Settings): readonly RetentionPolicy[] => [
  { table: 'notifications.mail', days, sql: MAILS },
  { table: 'notifications.notice', days, sql: NOTICES },
  { table: 'notifications.outbox', days, sql: OUTBOX },
  { table: 'notifications.webhook_event', days: WEBHOOK_RETENTION_DAYS, sql: WEBHOOKS },
];
