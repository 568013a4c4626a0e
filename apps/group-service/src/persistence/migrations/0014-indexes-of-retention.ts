import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Rows whose retention is over are found by their age, and so is that there are none. */
export class IndexesOfRetention1814000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX audit_by_age ON groups.audit (at);
      CREATE INDEX invitation_by_expiry ON groups.invitation (expires_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX groups.audit_by_age;
      DROP INDEX groups.invitation_by_expiry;
    `);
  }
}
