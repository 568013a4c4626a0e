import { enableRowLevelSecurity, disableRowLevelSecurity } from '@allotree/read-models';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { GROUPS } from '../../tokens.js';

const TABLES = ['plan'];

/** Plans of whole projects, for a day. */
export class Plans1823000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE groups.plan (
        plan_id        text        PRIMARY KEY,
        tenant_id      text        NOT NULL,
        project_id     text        NOT NULL,
        user_id        text        NOT NULL,
        prune          boolean     NOT NULL,
        document       json        NOT NULL,
        -- The answer, apart from its state: what was shown when the plan was made.
        content        json        NOT NULL,
        -- What may still be to do when an interrupted plan goes on.
        operation_keys text[]      NOT NULL,
        status         text        NOT NULL DEFAULT 'planned',
        progress       json,
        created_at     timestamptz NOT NULL,
        expires_at     timestamptz NOT NULL
      );
      CREATE INDEX plan_by_expiry ON groups.plan (expires_at);
    `);
    await runner.query(enableRowLevelSecurity(GROUPS, TABLES));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(disableRowLevelSecurity(GROUPS, TABLES));
    await runner.query('DROP TABLE groups.plan');
  }
}
