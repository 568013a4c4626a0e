import { enableRowLevelSecurity } from '@allotree/read-models';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { REPORTING } from '../tokens.js';

/** Subjects with events of an earlier version that were replaced, up to a position: their tables are computed anew. */
export class ReplacedEvents1851000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE ${REPORTING}.replaced_events (
        source    text   NOT NULL,
        subject   text   NOT NULL,
        position  bigint NOT NULL,
        tenant_id text,
        PRIMARY KEY (source, subject))`);
    await runner.query(enableRowLevelSecurity(REPORTING, ['replaced_events']));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE ${REPORTING}.replaced_events`);
  }
}
