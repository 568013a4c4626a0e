import type { MigrationInterface, QueryRunner } from 'typeorm';
import { REPORTING } from '../tokens.js';

/** Who may log in to ask in SQL, and about which tenant. */
export class Analysts1841000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE ${REPORTING}.analyst (
        login      name        PRIMARY KEY,
        -- NULL: every tenant.
        tenant_id  text,
        valid_until timestamptz NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE ${REPORTING}.analyst`);
  }
}
