import { quotaTable } from '@allotree/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { NOTIFICATIONS } from '../tokens.js';

/**
 * Mails about accounts have a queue of their own, and an end of their links; one tenant's mails to a recipient are counted
 * apart from another's. Counters of mails that callers have sent.
 */
export class AccountMailsFirst1803000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE notifications.mail
        ADD COLUMN urgent boolean NOT NULL DEFAULT false,
        ADD COLUMN link_expires_at timestamptz;
      UPDATE notifications.mail SET urgent = true
        WHERE status IN ('pending', 'failed', 'sending') AND tenant_id IS NULL AND digest IS NULL;
      DROP INDEX notifications.mail_to_send, notifications.mail_sent_lately;
      CREATE INDEX mail_to_send ON notifications.mail (urgent DESC, not_before, ordinal)
        WHERE status IN ('pending', 'failed', 'sending');
      CREATE INDEX mail_sent_lately ON notifications.mail (recipient_key, tenant_id, sent_at) WHERE status = 'sent';
      ${quotaTable(NOTIFICATIONS)}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE notifications.quota;
      DROP INDEX notifications.mail_to_send, notifications.mail_sent_lately;
      CREATE INDEX mail_to_send ON notifications.mail (not_before) WHERE status IN ('pending', 'failed', 'sending');
      CREATE INDEX mail_sent_lately ON notifications.mail (recipient_key, sent_at) WHERE status = 'sent';
      ALTER TABLE notifications.mail DROP COLUMN urgent, DROP COLUMN link_expires_at`);
  }
}
