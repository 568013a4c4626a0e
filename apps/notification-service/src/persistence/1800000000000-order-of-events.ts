import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which event of the group service each thing known of groups and members comes from. */
export class OrderOfEvents1800000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE notifications.group_node
        ADD COLUMN name_sequence bigint NOT NULL DEFAULT -1,
        ADD COLUMN parent_id_sequence bigint NOT NULL DEFAULT -1,
        ADD COLUMN removed_sequence bigint NOT NULL DEFAULT -1;
      ALTER TABLE notifications.member
        ADD COLUMN removed boolean NOT NULL DEFAULT false,
        ADD COLUMN sequence bigint NOT NULL DEFAULT -1;`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DELETE FROM notifications.member WHERE removed;
      ALTER TABLE notifications.member DROP COLUMN removed, DROP COLUMN sequence;
      ALTER TABLE notifications.group_node
        DROP COLUMN name_sequence, DROP COLUMN parent_id_sequence, DROP COLUMN removed_sequence;`);
  }
}
