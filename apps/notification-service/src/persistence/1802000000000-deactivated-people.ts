import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who was deactivated is no recipient (E5), so members and administrators are known by their accounts. */
export class DeactivatedPeople1802000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE notifications.member ADD COLUMN user_id text;
      UPDATE notifications.member SET user_id = known.user_id
        FROM notifications.access_membership known
        WHERE known.home = member.project_id AND known.membership_id = member.member_id;
      ALTER TABLE notifications.partner ADD COLUMN administrator_id text;
      -- An account belongs to no tenant.
      CREATE TABLE notifications.account (
        user_id  text    PRIMARY KEY,
        active   boolean NOT NULL,
        sequence bigint  NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE notifications.account;
      ALTER TABLE notifications.partner DROP COLUMN administrator_id;
      ALTER TABLE notifications.member DROP COLUMN user_id`);
  }
}
