import { dropMembershipTables, membershipTables } from '@allotree/identity';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { GROUPS } from '../../tokens.js';

/** Who may do what: memberships, the roles of tenants, and where projects and partners belong. */
export class Memberships1796000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(membershipTables(GROUPS));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(dropMembershipTables(GROUPS));
  }
}
