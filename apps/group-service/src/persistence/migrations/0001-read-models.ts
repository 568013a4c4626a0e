import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Partners, projects, groups, members and devices as lists show them. */
export class ReadModels1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE groups.partner (
        partner_id        text        PRIMARY KEY,
        tenant_id         text        NOT NULL,
        kind              text        NOT NULL,
        name              text        NOT NULL,
        parent_partner_id text,
        registered_at     timestamptz NOT NULL,
        ordinal           bigint      NOT NULL
      );
      CREATE UNIQUE INDEX partner_by_ordinal ON groups.partner (ordinal);
      CREATE INDEX partner_by_parent ON groups.partner (parent_partner_id, ordinal);
      CREATE INDEX partner_by_tenant ON groups.partner (tenant_id, ordinal);

      CREATE TABLE groups.project (
        project_id   text        PRIMARY KEY,
        tenant_id    text        NOT NULL,
        partner_id   text        NOT NULL,
        name         text        NOT NULL,
        time_zone    text        NOT NULL,
        billing_mode text        NOT NULL,
        created_at   timestamptz NOT NULL,
        ordinal      bigint      NOT NULL
      );
      CREATE UNIQUE INDEX project_by_ordinal ON groups.project (ordinal);
      CREATE INDEX project_by_partner ON groups.project (partner_id, ordinal);
      CREATE INDEX project_by_tenant ON groups.project (tenant_id, ordinal);

      CREATE TABLE groups.group_node (
        project_id text   NOT NULL,
        group_id   text   NOT NULL,
        tenant_id  text   NOT NULL,
        parent_id  text,
        type       text   NOT NULL,
        name       text   NOT NULL,
        ordinal    bigint NOT NULL,
        PRIMARY KEY (project_id, group_id)
      );
      CREATE INDEX group_node_by_parent ON groups.group_node (project_id, parent_id, ordinal);
      CREATE INDEX group_node_by_ordinal ON groups.group_node (project_id, ordinal);

      CREATE TABLE groups.member (
        project_id text        NOT NULL,
        member_id  text        NOT NULL,
        tenant_id  text        NOT NULL,
        group_id   text        NOT NULL,
        user_id    text        NOT NULL,
        email      text        NOT NULL,
        name       text        NOT NULL,
        role       text        NOT NULL,
        added_at   timestamptz NOT NULL,
        ordinal    bigint      NOT NULL,
        PRIMARY KEY (project_id, member_id)
      );
      CREATE INDEX member_by_group ON groups.member (project_id, group_id, ordinal);

      CREATE TABLE groups.device (
        project_id    text        NOT NULL,
        serial_number text        NOT NULL,
        tenant_id     text        NOT NULL,
        group_id      text        NOT NULL,
        model         text        NOT NULL,
        added_at      timestamptz NOT NULL,
        ordinal       bigint      NOT NULL,
        PRIMARY KEY (project_id, serial_number)
      );
      CREATE INDEX device_by_group ON groups.device (project_id, group_id, ordinal);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE groups.partner, groups.project, groups.group_node, groups.member, groups.device');
  }
}
