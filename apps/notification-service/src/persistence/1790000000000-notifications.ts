import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Who administers what (from the events of the group service), the pending notices, and the mails. Their content is not
 * compressed: that costs more than writing it.
 */
export class Notifications1790000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE notifications.partner (
        partner_id          text PRIMARY KEY,
        tenant_id           text NOT NULL,
        name                text NOT NULL,
        administrator_email text,
        administrator_name  text
      );
      CREATE TABLE notifications.project (
        project_id text PRIMARY KEY,
        tenant_id  text NOT NULL,
        partner_id text NOT NULL
      );
      CREATE TABLE notifications.group_node (
        project_id text    NOT NULL,
        group_id   text    NOT NULL,
        parent_id  text,
        name       text    NOT NULL,
        removed    boolean NOT NULL DEFAULT false,
        PRIMARY KEY (project_id, group_id)
      );
      CREATE INDEX group_node_by_parent ON notifications.group_node (project_id, parent_id);
      CREATE TABLE notifications.member (
        project_id text NOT NULL,
        member_id  text NOT NULL,
        group_id   text NOT NULL,
        email      text NOT NULL,
        name       text NOT NULL,
        role       text NOT NULL,
        PRIMARY KEY (project_id, member_id)
      );
      CREATE INDEX member_by_group ON notifications.member (project_id, group_id);

      CREATE TABLE notifications.notice (
        notice_id  text        PRIMARY KEY,
        job        jsonb       NOT NULL,
        state      text        NOT NULL CHECK (state IN ('new', 'addressed', 'obsolete')),
        tries      integer     NOT NULL DEFAULT 0,
        not_before timestamptz NOT NULL DEFAULT clock_timestamp(),
        ordinal    bigint      GENERATED ALWAYS AS IDENTITY
      );
      CREATE INDEX notice_to_address ON notifications.notice (ordinal) WHERE state = 'new';

      CREATE TABLE notifications.mail (
        mail_id        uuid        PRIMARY KEY,
        key            text        NOT NULL UNIQUE,
        digest         text,
        message_id     text        NOT NULL UNIQUE,
        mail_type      text        NOT NULL,
        status         text        NOT NULL
                       CHECK (status IN ('pending', 'sending', 'sent', 'failed', 'dead', 'obsolete')),
        tenant_id      text,
        project_ids    text[]      NOT NULL,
        recipient      text,
        recipient_key  text,
        recipient_name text,
        subject        text,
        html           text        STORAGE EXTERNAL,
        text           text        STORAGE EXTERNAL,
        attempts       integer     NOT NULL DEFAULT 0,
        error          text,
        created_at     timestamptz NOT NULL,
        written_at     timestamptz,
        sent_at        timestamptz,
        not_before     timestamptz NOT NULL,
        held_until     timestamptz,
        claim          uuid,
        lease_until    timestamptz,
        ordinal        bigint      GENERATED ALWAYS AS IDENTITY
      );
      CREATE UNIQUE INDEX mail_by_ordinal ON notifications.mail (ordinal);
      CREATE INDEX mail_by_status ON notifications.mail (status, ordinal);
      CREATE INDEX mail_by_recipient ON notifications.mail (recipient_key, ordinal);
      CREATE INDEX mail_by_project ON notifications.mail USING gin (project_ids);
      CREATE INDEX mail_by_digest ON notifications.mail (digest);
      CREATE INDEX mail_to_send ON notifications.mail (not_before) WHERE status IN ('pending', 'failed', 'sending');
      CREATE INDEX mail_sent_lately ON notifications.mail (recipient_key, sent_at) WHERE status = 'sent';

      CREATE TABLE notifications.mail_item (
        notice_id     text NOT NULL REFERENCES notifications.notice,
        recipient_key text NOT NULL,
        mail_id       uuid NOT NULL REFERENCES notifications.mail ON DELETE CASCADE,
        place         text NOT NULL,
        PRIMARY KEY (notice_id, recipient_key)
      );
      CREATE INDEX mail_item_by_mail ON notifications.mail_item (mail_id);

      CREATE TABLE notifications.outbox (
        outbox_id      uuid        PRIMARY KEY,
        message_id     text        NOT NULL UNIQUE,
        sender         text        NOT NULL,
        recipient      text        NOT NULL,
        recipient_name text,
        subject        text        NOT NULL,
        html           text        STORAGE EXTERNAL NOT NULL,
        text           text        STORAGE EXTERNAL NOT NULL,
        mail_type      text        NOT NULL,
        tenant_id      text,
        project_ids    text[]      NOT NULL,
        sent_at        timestamptz NOT NULL,
        ordinal        bigint      GENERATED ALWAYS AS IDENTITY
      );
      CREATE UNIQUE INDEX outbox_by_ordinal ON notifications.outbox (ordinal);
      CREATE INDEX outbox_by_recipient ON notifications.outbox (lower(recipient), ordinal);
      CREATE INDEX outbox_by_project ON notifications.outbox USING gin (project_ids);

      CREATE TABLE notifications.mail_template (
        tenant_id  text        NOT NULL,
        mail_type  text        NOT NULL,
        subject    text,
        html       text,
        revision   integer     NOT NULL,
        changed_at timestamptz NOT NULL,
        changed_by text        NOT NULL,
        PRIMARY KEY (tenant_id, mail_type)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE notifications.partner, notifications.project, notifications.group_node, notifications.member,
        notifications.mail_item, notifications.notice, notifications.mail, notifications.outbox,
        notifications.mail_template
    `);
  }
}
