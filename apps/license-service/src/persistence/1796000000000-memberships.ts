import { dropMembershipTables, membershipTables } from '@allotree/identity';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who may do what: memberships, the roles of tenants, and where projects and partners belong. */
export class Memberships1796000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(membershipTables('licensing'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(dropMembershipTables('licensing'));
  }
}
