import { quotaTable } from '@allotree/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { GROUPS } from '../../tokens.js';

/** How many mails callers, tenants and networks have had sent lately. */
export class MailQuotas1810000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(quotaTable(GROUPS));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE ${GROUPS}.quota`);
  }
}
