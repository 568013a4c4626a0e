import type { MigrationInterface, QueryRunner } from 'typeorm';
import { REPORTING } from '../tokens.js';

/**
 * Assignments are by far the most rows: one index finds one in force by its id alone, as search does, and in its project. Days are changed
 * again and again, within their pages where these have room.
 */
export class FewerIndexes1852000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX ${REPORTING}.assignment_version_now, ${REPORTING}.assignment_version_found_by_assignment_id;
      CREATE UNIQUE INDEX assignment_version_now ON ${REPORTING}.assignment_version (assignment_id, project_id) WHERE until_at IS NULL;
      ALTER TABLE ${REPORTING}.usage_day SET (fillfactor = 70);`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE ${REPORTING}.usage_day RESET (fillfactor);
      DROP INDEX ${REPORTING}.assignment_version_now;
      CREATE UNIQUE INDEX assignment_version_now ON ${REPORTING}.assignment_version (project_id, assignment_id) WHERE until_at IS NULL;
      CREATE INDEX assignment_version_found_by_assignment_id ON ${REPORTING}.assignment_version (assignment_id) WHERE until_at IS NULL;`);
  }
}
