import { enableRowLevelSecurity, disableRowLevelSecurity } from '@allotree/read-models';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { GROUPS } from '../../tokens.js';

const TABLES = [
  'partner',
  'project',
  'group_node',
  'member',
  'device',
  'invitation',
  'api_key',
  'audit',
  'access_partner',
  'access_project',
  'access_role',
  'access_membership',
];

/** What is not among these proves who somebody is, and no caller's query sees it at all. */
export class TenantsApart1797000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(enableRowLevelSecurity(GROUPS, TABLES));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(disableRowLevelSecurity(GROUPS, TABLES));
  }
}
