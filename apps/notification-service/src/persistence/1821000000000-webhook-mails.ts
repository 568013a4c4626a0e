import { enableRowLevelSecurity } from '@allotree/read-models';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { NOTIFICATIONS } from '../tokens.js';

/** Who administers a partner, and of which disabled endpoints they still get a mail. */
export class WebhookMails1821000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE notifications.webhook_endpoint ADD COLUMN mail_due boolean NOT NULL DEFAULT false;
      CREATE INDEX webhook_endpoint_mail_due ON notifications.webhook_endpoint (disabled_at) WHERE mail_due;
      CREATE TABLE notifications.partner_administrator (
        partner_id text    NOT NULL,
        user_id    text    NOT NULL,
        tenant_id  text    NOT NULL,
        email      text    NOT NULL,
        name       text    NOT NULL,
        role       text    NOT NULL,
        -- One who left stays known without a name, so that an older event does not bring them back.
        removed    boolean NOT NULL DEFAULT false,
        sequence   bigint  NOT NULL,
        PRIMARY KEY (partner_id, user_id)
      )`);
    await runner.query(enableRowLevelSecurity(NOTIFICATIONS, ['partner_administrator']));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE notifications.partner_administrator;
      DROP INDEX notifications.webhook_endpoint_mail_due;
      ALTER TABLE notifications.webhook_endpoint DROP COLUMN mail_due`);
  }
}
