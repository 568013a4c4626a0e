import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Credentials, which are never part of an event. Secrets are stored as hashes: passwords by Argon2id, random values by
 * SHA-256. All instants are those of the database clock.
 */
export class People1795000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE groups.account (
        user_id             text        PRIMARY KEY,
        tenant_id           text,
        password_hash       text,
        password_changed_at timestamptz,
        created_at          timestamptz NOT NULL DEFAULT now()
      );

      -- Whoever is signed in. credential: what the server administrator's password was known by then.
      CREATE TABLE groups.session (
        session_id    text        PRIMARY KEY,
        user_id       text        NOT NULL,
        email         text        NOT NULL,
        tenant_id     text,
        administrator boolean     NOT NULL,
        credential    text,
        address       text        NOT NULL,
        user_agent    text        NOT NULL,
        created_at    timestamptz NOT NULL DEFAULT now(),
        used_at       timestamptz NOT NULL DEFAULT now(),
        expires_at    timestamptz NOT NULL,
        revoked_at    timestamptz,
        announced_at  timestamptz
      );
      CREATE INDEX session_by_user ON groups.session (user_id, created_at);
      CREATE INDEX session_to_announce ON groups.session (revoked_at) WHERE announced_at IS NULL AND revoked_at IS NOT NULL;
      CREATE INDEX session_by_expiry ON groups.session (expires_at);

      CREATE TABLE groups.refresh_token (
        token_hash bytea       PRIMARY KEY,
        session_id text        NOT NULL REFERENCES groups.session ON DELETE CASCADE,
        used_at    timestamptz
      );
      CREATE INDEX refresh_token_by_session ON groups.refresh_token (session_id);

      -- wish: what was asked for. token_hash is NULL where the address is known already: then nothing confirms it.
      CREATE TABLE groups.registration (
        registration_id text        PRIMARY KEY,
        wish            jsonb       NOT NULL,
        password_hash   text        NOT NULL,
        token_hash      bytea       UNIQUE,
        code_hash       bytea,
        tries_left      integer     NOT NULL,
        expires_at      timestamptz NOT NULL,
        confirmed_at    timestamptz
      );
      CREATE INDEX registration_by_expiry ON groups.registration (expires_at);

      CREATE TABLE groups.password_reset (
        token_hash bytea       PRIMARY KEY,
        user_id    text,
        email      text        NOT NULL,
        expires_at timestamptz NOT NULL
      );
      CREATE INDEX password_reset_by_user ON groups.password_reset (user_id);
      CREATE INDEX password_reset_by_expiry ON groups.password_reset (expires_at);

      -- inviter: who invited, as the request said; what it may grant is looked at again when the invitation is accepted.
      CREATE TABLE groups.invitation (
        invitation_id text        PRIMARY KEY,
        tenant_id     text        NOT NULL,
        project_id    text        NOT NULL,
        group_id      text        NOT NULL,
        user_id       text        NOT NULL,
        email         text        NOT NULL,
        name          text        NOT NULL,
        role          text        NOT NULL,
        inviter       jsonb       NOT NULL,
        token_hash    bytea       NOT NULL UNIQUE,
        invited_at    timestamptz NOT NULL DEFAULT now(),
        expires_at    timestamptz NOT NULL,
        accepted_at   timestamptz,
        revoked_at    timestamptz,
        ordinal       bigint      GENERATED ALWAYS AS IDENTITY UNIQUE
      );
      CREATE UNIQUE INDEX invitation_open ON groups.invitation (project_id, group_id, user_id)
        WHERE accepted_at IS NULL AND revoked_at IS NULL;
      CREATE INDEX invitation_by_group ON groups.invitation (project_id, group_id, ordinal);
      CREATE INDEX invitation_by_user ON groups.invitation (user_id);

      CREATE TABLE groups.api_key (
        key_id       text        PRIMARY KEY,
        tenant_id    text        NOT NULL,
        name         text        NOT NULL,
        permissions  text[]      NOT NULL,
        secret_hash  bytea       NOT NULL,
        created_by   text        NOT NULL,
        created_at   timestamptz NOT NULL DEFAULT now(),
        expires_at   timestamptz,
        last_used_at timestamptz,
        revoked_at   timestamptz,
        announced_at timestamptz,
        ordinal      bigint      GENERATED ALWAYS AS IDENTITY UNIQUE
      );
      CREATE INDEX api_key_by_tenant ON groups.api_key (tenant_id, ordinal);
      CREATE INDEX api_key_to_announce ON groups.api_key (revoked_at) WHERE announced_at IS NULL AND revoked_at IS NOT NULL;

      -- event_id: of the event it follows from; NULL: something that is no event, such as a sign-in.
      CREATE TABLE groups.audit (
        ordinal    bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id   text        UNIQUE,
        tenant_id  text,
        at         timestamptz NOT NULL DEFAULT now(),
        actor      text        NOT NULL,
        action     text        NOT NULL,
        user_id    text,
        address    text,
        facts      jsonb       NOT NULL
      );
      CREATE INDEX audit_by_tenant ON groups.audit (tenant_id, ordinal);
      CREATE INDEX audit_by_user ON groups.audit (user_id, ordinal);

      -- How often something was tried in vain, and from when on it may be tried again.
      CREATE TABLE groups.attempt (
        key           text        PRIMARY KEY,
        number        integer     NOT NULL,
        blocked_until timestamptz NOT NULL,
        forgotten_at  timestamptz NOT NULL
      );
      CREATE INDEX attempt_by_time ON groups.attempt (forgotten_at);

      -- Mails on their way to the queue account-mails. look_at: when to see what became of one that was handed over.
      CREATE TABLE groups.account_mail (
        job_id   text        PRIMARY KEY,
        data     jsonb,
        look_at  timestamptz,
        sequence bigint      GENERATED ALWAYS AS IDENTITY
      );
      CREATE INDEX account_mail_waiting ON groups.account_mail (sequence) WHERE look_at IS NULL;
      CREATE INDEX account_mail_handed_over ON groups.account_mail (look_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE groups.refresh_token, groups.session, groups.account, groups.registration, groups.password_reset,
        groups.invitation, groups.api_key, groups.audit, groups.attempt, groups.account_mail
    `);
  }
}
