import { enableRowLevelSecurity } from '@allotree/read-models';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Due rows are derived from the state of the project, so its groups, their reminders and its time zone are not stored again. */
export class DueRowsOfProjects1817000000000 implements MigrationInterface {
  name = 'DueRowsOfProjects1817000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE licensing.due_group, licensing.due_project;
      ALTER TABLE licensing.due DROP COLUMN valid_from;
      CREATE INDEX ix_project_tenant ON licensing.project (tenant_id)`);
  }

  /** The projection of a version with these tables fills them: it begins again. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX licensing.ix_project_tenant;
      TRUNCATE licensing.due;
      ALTER TABLE licensing.due ADD COLUMN valid_from timestamptz;
      CREATE TABLE licensing.due_project (
        project_id text NOT NULL, tenant_id text NOT NULL, time_zone text NOT NULL,
        CONSTRAINT pk_due_project PRIMARY KEY (project_id));
      CREATE INDEX ix_due_project_tenant ON licensing.due_project (tenant_id);
      CREATE TABLE licensing.due_group (
        project_id text NOT NULL, group_id text NOT NULL, enabled boolean NOT NULL, grace_period_days integer NOT NULL,
        reminder jsonb, tenant_id text NOT NULL, parent_id text,
        CONSTRAINT pk_due_group PRIMARY KEY (project_id, group_id));
      CREATE INDEX ix_due_group_parent ON licensing.due_group (project_id, parent_id);
      CREATE INDEX ix_due_group_reminded ON licensing.due_group (project_id) WHERE reminder IS NOT NULL;
      CREATE TRIGGER take_tenant BEFORE INSERT ON licensing.due_group
        FOR EACH ROW EXECUTE FUNCTION licensing.tenant_of_project()`);
    await runner.query(enableRowLevelSecurity('licensing', ['due_project', 'due_group']));
    if (await runner.hasTable('licensing.checkpoint'))
      await runner.query(`UPDATE licensing.checkpoint SET position = 0 WHERE name = 'due-work'`);
  }
}
