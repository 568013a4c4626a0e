import { enableRowLevelSecurity } from '@allotree/read-models';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { NOTIFICATIONS } from '../tokens.js';

const TABLES = ['webhook_endpoint', 'webhook_key', 'webhook_event', 'webhook_delivery', 'webhook_lane'];

/** Where events are sent to, the keys that sign them, the events themselves as they are sent, and what became of each. */
export class Webhooks1820000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE notifications.webhook_endpoint (
        endpoint_id     uuid        PRIMARY KEY,
        tenant_id       text,
        url             text        NOT NULL,
        description     text        NOT NULL,
        types           text[],
        subjects        text[],
        status          text        NOT NULL CHECK (status IN ('active', 'paused', 'disabled')),
        disabled_reason text        CHECK (disabled_reason IN ('gone', 'failing', 'unauthorized')),
        disabled_at     timestamptz,
        failing_since   timestamptz,
        revision        integer     NOT NULL DEFAULT 1,
        created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
        created_by      text        NOT NULL,
        -- The person with whose permission events go out; NULL: the vendor.
        made_by         text,
        ordinal         bigint      GENERATED ALWAYS AS IDENTITY UNIQUE
      );
      CREATE INDEX webhook_endpoint_by_tenant ON notifications.webhook_endpoint (tenant_id, ordinal);

      CREATE TABLE notifications.webhook_key (
        key_id      uuid        PRIMARY KEY,
        endpoint_id uuid        NOT NULL REFERENCES notifications.webhook_endpoint ON DELETE CASCADE,
        tenant_id   text,
        -- Encrypted: the HMAC secret and the private key.
        secret      text        NOT NULL,
        private_key text        NOT NULL,
        public_key  text        NOT NULL,
        created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
        expires_at  timestamptz
      );
      CREATE INDEX webhook_key_by_endpoint ON notifications.webhook_key (endpoint_id, created_at);

      CREATE TABLE notifications.webhook_event (
        position    bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        source      text        NOT NULL,
        id          text        NOT NULL,
        type        text        NOT NULL,
        subject     text        NOT NULL,
        tenant_id   text,
        at          timestamptz NOT NULL,
        -- The same text in every attempt: it is what is signed.
        body        text        NOT NULL,
        is_test     boolean     NOT NULL DEFAULT false,
        recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        UNIQUE (source, id)
      );
      CREATE INDEX webhook_event_by_time ON notifications.webhook_event (tenant_id, at);
      CREATE INDEX webhook_event_by_time_of_all ON notifications.webhook_event (at);
      CREATE INDEX webhook_event_by_age ON notifications.webhook_event (recorded_at);

      CREATE TABLE notifications.webhook_delivery (
        delivery_id     uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
        endpoint_id     uuid        NOT NULL REFERENCES notifications.webhook_endpoint ON DELETE CASCADE,
        tenant_id       text,
        position        bigint      NOT NULL REFERENCES notifications.webhook_event ON DELETE CASCADE,
        event_id        text        NOT NULL,
        type            text        NOT NULL,
        subject         text        NOT NULL,
        kind            text        NOT NULL CHECK (kind IN ('event', 'replay', 'test')),
        status          text        NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'failed')),
        attempts        integer     NOT NULL DEFAULT 0,
        response_status integer,
        error           text,
        created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
        last_attempt_at timestamptz,
        next_attempt_at timestamptz,
        delivered_at    timestamptz,
        ordinal         bigint      GENERATED ALWAYS AS IDENTITY UNIQUE
      );
      CREATE INDEX webhook_delivery_next ON notifications.webhook_delivery (endpoint_id, subject, ordinal)
        WHERE status = 'pending';
      CREATE INDEX webhook_delivery_by_endpoint ON notifications.webhook_delivery (endpoint_id, ordinal);
      CREATE INDEX webhook_delivery_by_event ON notifications.webhook_delivery (position, endpoint_id);

      -- One row for each endpoint and subject: its deliveries go one after another.
      CREATE TABLE notifications.webhook_lane (
        endpoint_id uuid        NOT NULL REFERENCES notifications.webhook_endpoint ON DELETE CASCADE,
        subject     text        NOT NULL,
        tenant_id   text,
        -- When its first delivery is tried; NULL: there is none. While a process has it: when another one takes it over.
        not_before  timestamptz,
        claim       uuid,
        PRIMARY KEY (endpoint_id, subject)
      );
      CREATE INDEX webhook_lane_due ON notifications.webhook_lane (endpoint_id, not_before) WHERE not_before IS NOT NULL;`);
    await runner.query(enableRowLevelSecurity(NOTIFICATIONS, TABLES));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `DROP TABLE ${TABLES.toReversed()
        .map((table) => `notifications.${table}`)
        .join(', ')}`,
    );
  }
}
