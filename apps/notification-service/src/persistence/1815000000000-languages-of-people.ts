import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Mails are written in the language of their recipient, who is known by the account. */
export class LanguagesOfPeople1815000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE notifications.account
        ADD COLUMN language text,
        ADD COLUMN language_sequence bigint NOT NULL DEFAULT -1,
        ALTER COLUMN active SET DEFAULT true,
        ALTER COLUMN sequence SET DEFAULT -1;
      ALTER TABLE notifications.mail ADD COLUMN recipient_id text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE notifications.mail DROP COLUMN recipient_id;
      ALTER TABLE notifications.account
        DROP COLUMN language,
        DROP COLUMN language_sequence,
        ALTER COLUMN active DROP DEFAULT,
        ALTER COLUMN sequence DROP DEFAULT`);
  }
}
