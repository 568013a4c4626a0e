import { enableRowLevelSecurity, disableRowLevelSecurity } from '@allotree/read-models';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { GROUPS } from '../../tokens.js';

const TABLES = ['join_request'];

/** Joining a distributor takes its code and its approval; a password is chosen when the address is confirmed. */
export class Joining1799000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- A registration that waits for its confirmation has no password: one that was chosen before is dropped.
      ALTER TABLE groups.registration DROP COLUMN password_hash,
        ADD COLUMN join_code_hash bytea,
        ADD COLUMN distributor_id text;
      -- What was asked for before there were join codes names a distributor that was never asked.
      DELETE FROM groups.registration WHERE confirmed_at IS NULL
        AND (wish ->> 'kind' = 'distributor' OR wish ? 'parentPartnerCode');

      CREATE TABLE groups.join_code (
        partner_id text        PRIMARY KEY,
        code_hash  bytea       NOT NULL UNIQUE,
        rotated_at timestamptz NOT NULL DEFAULT now()
      );

      CREATE TABLE groups.join_request (
        request_id          text        PRIMARY KEY,
        tenant_id           text        NOT NULL,
        distributor_id      text        NOT NULL,
        kind                text        NOT NULL,
        partner_name        text        NOT NULL,
        project_name        text        NOT NULL,
        administrator_name  text        NOT NULL,
        administrator_email text        NOT NULL,
        status              text        NOT NULL,
        requested_at        timestamptz NOT NULL,
        decided_at          timestamptz,
        ordinal             bigint      NOT NULL UNIQUE
      );
      CREATE INDEX join_request_by_distributor ON groups.join_request (distributor_id, ordinal);
    `);
    await runner.query(enableRowLevelSecurity(GROUPS, TABLES));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(disableRowLevelSecurity(GROUPS, TABLES));
    await runner.query(`
      DROP TABLE groups.join_request, groups.join_code;
      DELETE FROM groups.registration;
      ALTER TABLE groups.registration DROP COLUMN join_code_hash, DROP COLUMN distributor_id,
        ADD COLUMN password_hash text NOT NULL;
    `);
  }
}
