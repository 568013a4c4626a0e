import { dropMembershipTables, membershipTables } from '@allotree/identity';
import { enableRowLevelSecurity } from '@allotree/read-models';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { REPORTING } from '../tokens.js';

const ACCESS = ['access_partner', 'access_project', 'access_role', 'access_membership'];

/** Every integration event, and who may do what. */
export class EventLog1830000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE ${REPORTING}.event (
        position       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id             text        NOT NULL,
        source         text        NOT NULL,
        type           text        NOT NULL,
        subject        text        NOT NULL,
        sequence       text,
        at             timestamptz NOT NULL,
        recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
        actor          text        NOT NULL,
        causation_id   text,
        correlation_id text        NOT NULL,
        tenant_id      text,
        data           jsonb       NOT NULL,
        -- Attributes that this version does not know.
        extensions     jsonb,
        -- Of the data as text, to bound a page without reading it.
        bytes          integer     NOT NULL,
        UNIQUE (source, id)
      );
      CREATE INDEX event_by_tenant ON ${REPORTING}.event (tenant_id, position) INCLUDE (type, bytes);
      CREATE INDEX event_by_subject ON ${REPORTING}.event (subject, position) INCLUDE (tenant_id, type, bytes);`);
    await runner.query(membershipTables(REPORTING));
    await runner.query(enableRowLevelSecurity(REPORTING, ['event', ...ACCESS]));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(dropMembershipTables(REPORTING));
    await runner.query(`DROP TABLE ${REPORTING}.event`);
  }
}
