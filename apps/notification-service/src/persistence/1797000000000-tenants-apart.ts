import { enableRowLevelSecurity, disableRowLevelSecurity, copyTenantFrom } from '@allotree/read-models';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { NOTIFICATIONS } from '../tokens.js';

const OF_PROJECTS = ['group_node', 'member'];
const TABLES = [
  ...OF_PROJECTS,
  'partner',
  'project',
  'notice',
  'mail',
  'mail_item',
  'outbox',
  'access_partner',
  'access_project',
  'access_role',
  'access_membership',
];

/** Every row has a tenant. A mail without one is about the system itself: no tenant sees it. */
export class TenantsApart1797000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(copyTenantFrom(NOTIFICATIONS, OF_PROJECTS, 'project', 'project_id'));
    await runner.query(
      `ALTER TABLE notifications.notice ADD COLUMN tenant_id text GENERATED ALWAYS AS (job->>'tenantId') STORED NOT NULL`,
    );
    await runner.query(copyTenantFrom(NOTIFICATIONS, ['mail_item'], 'notice', 'notice_id'));
    await runner.query(enableRowLevelSecurity(NOTIFICATIONS, TABLES));
    // Everybody reads the templates of all tenants.
    await runner.query(enableRowLevelSecurity(NOTIFICATIONS, ['mail_template'], "tenant_id = ''"));
    await runner.query(`
      CREATE INDEX mail_by_tenant ON notifications.mail (tenant_id, ordinal);
      CREATE INDEX outbox_by_tenant ON notifications.outbox (tenant_id, ordinal)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX notifications.mail_by_tenant, notifications.outbox_by_tenant;
      DROP POLICY also_seen ON notifications.mail_template`);
    await runner.query(disableRowLevelSecurity(NOTIFICATIONS, [...TABLES, 'mail_template']));
    for (const table of [...OF_PROJECTS, 'mail_item'])
      await runner.query(`DROP TRIGGER take_tenant ON notifications.${table}`);
    for (const table of [...OF_PROJECTS, 'mail_item', 'notice'])
      await runner.query(`ALTER TABLE notifications.${table} DROP COLUMN tenant_id`);
    await runner.query('DROP FUNCTION notifications.tenant_of_project(), notifications.tenant_of_notice()');
  }
}
