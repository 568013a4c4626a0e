import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Rows whose retention is over are found by their age, and so is that there are none. */
export class IndexesOfRetention1814000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX mail_by_age ON notifications.mail (created_at) WHERE status IN ('sent', 'dead', 'obsolete');
      CREATE INDEX notice_by_age ON notifications.notice (not_before) WHERE state <> 'new';
      CREATE INDEX outbox_by_age ON notifications.outbox (sent_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX notifications.mail_by_age;
      DROP INDEX notifications.notice_by_age;
      DROP INDEX notifications.outbox_by_age;
    `);
  }
}
