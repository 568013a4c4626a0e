import { enableRowLevelSecurity, disableRowLevelSecurity, copyTenantFrom } from '@allotree/read-models';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const OF_PROJECTS = [
  'license_group',
  'group_quota',
  'restriction',
  'allotment',
  'assignment',
  'license',
  'history_entry',
  'due',
  'due_group',
];
const WITH_TENANT = ['project', 'due_project', 'expiry_job', 'stock_partner', 'stock_package'];
const ACCESS = ['access_partner', 'access_project', 'access_role', 'access_membership'];
const TABLES = [...OF_PROJECTS, ...WITH_TENANT, ...ACCESS];

/** Every row has a tenant: that of its project or partner, which it never leaves. */
export class TenantsApart1797000000000 implements MigrationInterface {
  name = 'TenantsApart1797000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE licensing.project (project_id text PRIMARY KEY, tenant_id text NOT NULL);
      INSERT INTO licensing.project
      SELECT project_id, tenant_id FROM licensing.due_project
      UNION
      SELECT project_id, "after"->>'tenantId' FROM licensing.history_entry WHERE event_type = 'ProjectOpened'`);
    await runner.query(copyTenantFrom('licensing', OF_PROJECTS, 'project', 'project_id'));
    await runner.query(copyTenantFrom('licensing', ['stock_package'], 'stock_partner', 'partner_id'));
    await runner.query(
      `ALTER TABLE licensing.expiry_job ADD COLUMN tenant_id text GENERATED ALWAYS AS (data->>'tenantId') STORED NOT NULL`,
    );
    await runner.query(enableRowLevelSecurity('licensing', TABLES));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(disableRowLevelSecurity('licensing', TABLES));
    for (const table of [...OF_PROJECTS, 'stock_package'])
      await runner.query(`DROP TRIGGER take_tenant ON licensing.${table}`);
    for (const table of [...OF_PROJECTS, 'stock_package', 'expiry_job'])
      await runner.query(`ALTER TABLE licensing.${table} DROP COLUMN tenant_id`);
    await runner.query('DROP FUNCTION licensing.tenant_of_project(), licensing.tenant_of_stock_partner()');
    await runner.query('DROP TABLE licensing.project');
  }
}
