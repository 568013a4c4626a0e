import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES = ['group_node', 'member', 'device'] as const;

/** Groups, members and devices have the id by which another system knows them. Uniqueness is decided by the group tree. */
export class ExternalIds1820000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const table of TABLES)
      await runner.query(`
        ALTER TABLE groups.${table} ADD COLUMN external_id text;
        CREATE INDEX ${table}_by_external_id ON groups.${table} (project_id, external_id) WHERE external_id IS NOT NULL;
      `);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) await runner.query(`ALTER TABLE groups.${table} DROP COLUMN external_id`);
  }
}
