import { enableRowLevelSecurity } from '@allotree/read-models';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The closed billing periods of projects. */
export class UsagePeriods1818000000000 implements MigrationInterface {
  name = 'UsagePeriods1818000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE licensing.usage_period (
        project_id text NOT NULL, until_at timestamptz NOT NULL, from_at timestamptz NOT NULL, period_id text NOT NULL,
        interval text NOT NULL, anchor_day integer NOT NULL, time_zone text NOT NULL, payment_model text NOT NULL,
        totals json NOT NULL, tenant_id text NOT NULL,
        CONSTRAINT pk_usage_period PRIMARY KEY (project_id, until_at));
      CREATE TRIGGER take_tenant BEFORE INSERT ON licensing.usage_period
        FOR EACH ROW EXECUTE FUNCTION licensing.tenant_of_project()`);
    await runner.query(enableRowLevelSecurity('licensing', ['usage_period']));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE licensing.usage_period');
  }
}
