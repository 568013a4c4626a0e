import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A project or partner that is closed says why; NULL: it is open. */
export class Closing1811000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE groups.project ADD COLUMN closed_reason text;
      ALTER TABLE groups.partner ADD COLUMN closed_reason text;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE groups.project DROP COLUMN closed_reason;
      ALTER TABLE groups.partner DROP COLUMN closed_reason;
    `);
  }
}
