import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Lists that can be ordered by name. */
export class ListsByName1821000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX partner_by_name ON groups.partner (name, ordinal);
      CREATE INDEX partner_by_tenant_and_name ON groups.partner (tenant_id, name, ordinal);
      CREATE INDEX project_by_name ON groups.project (name, ordinal);
      CREATE INDEX project_by_tenant_and_name ON groups.project (tenant_id, name, ordinal);
      CREATE INDEX member_by_group_and_name ON groups.member (project_id, group_id, name, ordinal);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX groups.partner_by_name, groups.partner_by_tenant_and_name, groups.project_by_name,
        groups.project_by_tenant_and_name, groups.member_by_group_and_name;
    `);
  }
}
