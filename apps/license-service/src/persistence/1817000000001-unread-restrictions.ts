import { enableRowLevelSecurity } from '@allotree/read-models';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** No query read the settings of restrictions: they are answered from the state of the project. */
export class UnreadRestrictions1817000000001 implements MigrationInterface {
  name = 'UnreadRestrictions1817000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE licensing.restriction');
  }

  /** Empty: a version that has this table fills it when its projection is rebuilt. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE licensing.restriction (
        project_id text NOT NULL, group_id text NOT NULL, enabled boolean NOT NULL, pool_mode text NOT NULL,
        grace_period_days integer NOT NULL, reminder jsonb, tenant_id text NOT NULL,
        CONSTRAINT pk_restriction PRIMARY KEY (project_id, group_id));
      CREATE TRIGGER take_tenant BEFORE INSERT ON licensing.restriction
        FOR EACH ROW EXECUTE FUNCTION licensing.tenant_of_project()`);
    await runner.query(enableRowLevelSecurity('licensing', ['restriction']));
  }
}
