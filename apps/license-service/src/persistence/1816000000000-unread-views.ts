import { copyTenantFrom, enableRowLevelSecurity } from '@allotree/read-models';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES = ['group_quota', 'assignment', 'stock_partner', 'stock_package'];

/** Tables that no query read: quotas, assignments and stocks are answered from the state of their streams. */
export class UnreadViews1816000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE ${TABLES.map((table) => `licensing.${table}`).join(', ')};
      DROP FUNCTION licensing.tenant_of_stock_partner()`);
  }

  /** Empty: a version that has these tables fills them when its projections are rebuilt. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE licensing.group_quota (
        project_id text NOT NULL, group_id text NOT NULL, resource text NOT NULL, restricted boolean NOT NULL,
        own_limit bigint, consumed integer NOT NULL, suspended integer NOT NULL, tenant_id text NOT NULL,
        CONSTRAINT pk_group_quota PRIMARY KEY (project_id, group_id, resource));
      CREATE TABLE licensing.assignment (
        project_id text NOT NULL, assignment_id text NOT NULL, group_id text NOT NULL, resource text NOT NULL,
        label text, holder text, sip_assignment_id text, suspended boolean NOT NULL, assigned_at timestamptz NOT NULL,
        tenant_id text NOT NULL, CONSTRAINT pk_assignment PRIMARY KEY (project_id, assignment_id));
      CREATE TABLE licensing.stock_partner (
        partner_id text NOT NULL, tenant_id text NOT NULL, kind text NOT NULL, name text NOT NULL, parent_partner_id text,
        CONSTRAINT pk_stock_partner PRIMARY KEY (partner_id));
      CREATE TABLE licensing.stock_package (
        partner_id text NOT NULL, package_id text NOT NULL, name text NOT NULL, from_partner_id text, from_package_id text,
        sip_number bigint, mobile_app bigint, ukey2 bigint, sold_sip_number bigint, sold_mobile_app bigint,
        sold_ukey2 bigint, issued_sip_number bigint, issued_mobile_app bigint, issued_ukey2 bigint,
        features text array NOT NULL, valid_from timestamptz NOT NULL, valid_until timestamptz,
        CONSTRAINT pk_stock_package PRIMARY KEY (partner_id, package_id))`);
    for (const table of ['group_quota', 'assignment'])
      await runner.query(`
        CREATE TRIGGER take_tenant BEFORE INSERT ON licensing.${table}
        FOR EACH ROW EXECUTE FUNCTION licensing.tenant_of_project()`);
    await runner.query(copyTenantFrom('licensing', ['stock_package'], 'stock_partner', 'partner_id'));
    await runner.query(enableRowLevelSecurity('licensing', TABLES));
  }
}
