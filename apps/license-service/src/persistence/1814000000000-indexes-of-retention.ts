import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Rows whose retention is over are found by their age, and so is that there are none. */
export class IndexesOfRetention1814000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX ix_history_entry_age ON licensing.history_entry (recorded_at);
      CREATE INDEX ix_license_group_removed ON licensing.license_group (removed_at) WHERE removed_at IS NOT NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX licensing.ix_history_entry_age;
      DROP INDEX licensing.ix_license_group_removed;
    `);
  }
}
