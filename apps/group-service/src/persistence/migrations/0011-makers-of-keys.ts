import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A key holds what its maker holds, and ends with it (P2). */
export class MakersOfKeys1808000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- A person, or another key; NULL: the vendor.
      ALTER TABLE groups.api_key ADD COLUMN made_by text;
      UPDATE groups.api_key SET made_by = substr(created_by, 6)
        WHERE created_by LIKE 'user:%' AND created_by <> 'user:server-administrator';
      CREATE INDEX api_key_by_maker ON groups.api_key (made_by);
      -- Made for a partner that is no tenant: such a key holds nothing, and no list shows it.
      UPDATE groups.api_key key SET revoked_at = now() FROM groups.access_partner partner
        WHERE partner.partner_id = key.tenant_id AND partner.tenant_id <> key.tenant_id AND key.revoked_at IS NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE groups.api_key DROP COLUMN made_by');
  }
}
