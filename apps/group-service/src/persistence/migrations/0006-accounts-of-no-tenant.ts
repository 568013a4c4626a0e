import type { MigrationInterface, QueryRunner } from 'typeorm';

const OF_ACCOUNTS = `action IN ('signed_in', 'sign_in_failed', 'refresh_token_reused', 'password_changed',
  'password_reset_requested', 'identity_refused')`;
const OF_ACCOUNT_EVENTS = `event_id IS NOT NULL AND action IN ('account_opened', 'account_deactivated',
  'account_reinstated', 'identity_linked', 'session_revoked')`;

/**
 * An account belongs to no tenant. The audit trail is ordered by time, to the millisecond in which it is shown, so that a
 * rebuild of the part that follows from events changes no order.
 */
export class AccountsOfNoTenant1806000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE groups.account DROP COLUMN tenant_id;
      ALTER TABLE groups.session DROP COLUMN tenant_id;

      -- is_copy: what a tenant learns of a line about an account that holds memberships in several.
      ALTER TABLE groups.audit ADD COLUMN is_copy boolean NOT NULL DEFAULT false,
        ALTER COLUMN at SET DEFAULT date_trunc('milliseconds', now());
      UPDATE groups.audit SET at = date_trunc('milliseconds', at) WHERE at <> date_trunc('milliseconds', at);
      UPDATE groups.audit SET tenant_id = NULL WHERE ${OF_ACCOUNT_EVENTS};
      -- Until now the tenant that named an address first saw its sign-ins.
      UPDATE groups.audit line SET tenant_id = NULL WHERE ${OF_ACCOUNTS} AND tenant_id IS NOT NULL AND (
        EXISTS (SELECT FROM groups.access_membership m WHERE m.user_id = line.user_id AND m.tenant_id <> line.tenant_id)
        OR NOT EXISTS (SELECT FROM groups.access_membership m WHERE m.user_id = line.user_id AND m.tenant_id = line.tenant_id)
      );
      DROP INDEX groups.audit_by_tenant, groups.audit_by_user;
      CREATE INDEX audit_by_tenant ON groups.audit (tenant_id, at, ordinal);
      CREATE INDEX audit_by_user ON groups.audit (user_id, at, ordinal);
      CREATE INDEX audit_by_time ON groups.audit (at, ordinal) WHERE NOT is_copy;

      -- From where somebody signed in, or proved the address: whoever guesses elsewhere does not slow it down there.
      CREATE TABLE groups.known_network (
        user_id text        NOT NULL,
        network text        NOT NULL,
        used_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (user_id, network)
      );
      CREATE INDEX known_network_by_time ON groups.known_network (used_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE groups.known_network;
      DELETE FROM groups.audit WHERE is_copy;
      ALTER TABLE groups.audit DROP COLUMN is_copy, ALTER COLUMN at SET DEFAULT now();
      CREATE INDEX audit_by_tenant ON groups.audit (tenant_id, ordinal);
      CREATE INDEX audit_by_user ON groups.audit (user_id, ordinal);
      ALTER TABLE groups.account ADD COLUMN tenant_id text;
      ALTER TABLE groups.session ADD COLUMN tenant_id text;
    `);
  }
}
