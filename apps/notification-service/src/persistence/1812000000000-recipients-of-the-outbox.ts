import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Addresses with letters of any script are compared by a key. Those kept so far are ASCII: theirs is the address in lower case. */
export class RecipientsOfTheOutbox1812000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE notifications.outbox ADD COLUMN recipient_key text;
      UPDATE notifications.outbox SET recipient_key = lower(recipient);
      DROP INDEX notifications.outbox_by_recipient;
      CREATE INDEX outbox_by_recipient ON notifications.outbox (recipient_key, ordinal)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE notifications.outbox DROP COLUMN recipient_key;
      CREATE INDEX outbox_by_recipient ON notifications.outbox (lower(recipient), ordinal)`);
  }
}
