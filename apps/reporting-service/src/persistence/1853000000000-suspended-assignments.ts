import type { MigrationInterface, QueryRunner } from 'typeorm';
import { REPORTING } from '../tokens.js';

/** Groups at which something is suspended are found without looking at every assignment. */
export class SuspendedAssignments1853000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX assignment_version_suspended ON ${REPORTING}.assignment_version (project_id, group_id) WHERE is_suspended;`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX ${REPORTING}.assignment_version_suspended;`);
  }
}
