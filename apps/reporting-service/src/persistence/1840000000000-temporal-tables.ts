import { disableRowLevelSecurity, enableRowLevelSecurity } from '@allotree/read-models';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { REPORTING } from '../tokens.js';

/** The tables of things that change: their key, and what changes. */
const VERSIONS = {
  partner_version: {
    key: ['partner_id'],
    columns: `parent_partner_id text, kind text NOT NULL, name text NOT NULL, is_postpaid_allowed boolean NOT NULL,
      is_closed boolean NOT NULL`,
  },
  project_version: {
    key: ['project_id'],
    columns: `partner_id text NOT NULL, name text NOT NULL, time_zone text NOT NULL, billing_mode text NOT NULL,
      is_trial boolean NOT NULL, is_closed boolean NOT NULL`,
  },
  // path: the ids from the root to the group. placed_at: a group that comes back under its old id begins anew.
  group_version: {
    key: ['project_id', 'group_id'],
    columns: `parent_id text, path text[] NOT NULL, type text NOT NULL, name text NOT NULL, external_id text,
      placed_at timestamptz NOT NULL`,
  },
  member_version: {
    key: ['project_id', 'group_id', 'member_id'],
    columns: `user_id text NOT NULL, email text NOT NULL, name text NOT NULL, role text NOT NULL, external_id text`,
  },
  device_version: {
    key: ['project_id', 'serial_number'],
    columns: `group_id text NOT NULL, model text NOT NULL, external_id text`,
  },
  // The Basic licenses of devices, as the license service counts them.
  basic_license_version: { key: ['project_id', 'serial_number'], columns: `group_id text NOT NULL` },
  // granted_sequence: licenses are listed in the order in which they were granted. Units: null is unlimited.
  license_version: {
    key: ['project_id', 'license_id'],
    columns: `type text NOT NULL, sip_number integer, mobile_app integer, ukey2 integer, features text[] NOT NULL,
      valid_from timestamptz NOT NULL, valid_until timestamptz, source jsonb NOT NULL, external_id text,
      suspended_reason text, revoked_reason text, granted_sequence bigint NOT NULL`,
  },
  // allotments: those of the event, each with the sequence of its creation in the group.
  restriction_version: {
    key: ['project_id', 'group_id'],
    columns: `is_enabled boolean NOT NULL, pool_mode text NOT NULL, grace_period_days integer NOT NULL, reminder jsonb,
      allotments jsonb NOT NULL, place jsonb`,
  },
  member_limit_version: {
    key: ['project_id', 'group_id', 'user_id'],
    columns: `sip_number integer, mobile_app integer, ukey2 integer, features_off text[] NOT NULL, place jsonb`,
  },
  assignment_version: {
    key: ['project_id', 'assignment_id'],
    columns: `group_id text NOT NULL, resource text NOT NULL, external_id text, is_suspended boolean NOT NULL`,
  },
} as const;

const versionTable = ([name, { key, columns }]: readonly [string, { key: readonly string[]; columns: string }]) => `
  CREATE TABLE ${REPORTING}.${name} (
    tenant_id text,
    ${key.map((column) => `${column} text NOT NULL`).join(', ')},
    from_at   timestamptz NOT NULL,
    -- NULL: still so.
    until_at  timestamptz CHECK (until_at > from_at),
    -- Of the event that made it so.
    position  bigint NOT NULL,
    ${columns},
    PRIMARY KEY (${key.join(', ')}, from_at)
  );
  CREATE UNIQUE INDEX ${name}_now ON ${REPORTING}.${name} (${key.join(', ')}) WHERE until_at IS NULL;`;

/** Use as a step function of time, of a group and everything below it. */
const USAGE = `
  CREATE TABLE ${REPORTING}.usage_step (
    tenant_id  text,
    project_id text        NOT NULL,
    group_id   text        NOT NULL,
    resource   text        NOT NULL,
    at         timestamptz NOT NULL,
    -- From this instant on, until the next row of the same group and resource. While an event is still to come, both can be below 0.
    in_force   integer     NOT NULL,
    suspended  integer     NOT NULL,
    -- Of the last event of the instant.
    position   bigint      NOT NULL,
    PRIMARY KEY (project_id, group_id, resource, at)
  );
  CREATE TABLE ${REPORTING}.usage_day (
    tenant_id  text,
    project_id text        NOT NULL,
    group_id   text        NOT NULL,
    resource   text        NOT NULL,
    -- A calendar day in the time zone of the project; only days with a change have a row.
    day        date        NOT NULL,
    open       integer     NOT NULL,
    close      integer     NOT NULL,
    peak       integer     NOT NULL,
    -- The first instant of the day at which the peak is reached.
    peak_at    timestamptz NOT NULL,
    low        integer     NOT NULL,
    -- The integral of the units in force over the whole day, in unit-milliseconds.
    unit_ms    bigint      NOT NULL,
    PRIMARY KEY (project_id, group_id, resource, day)
  );`;

/** Which events concern a group itself; those of the whole project are of its root. */
const EVENT_OF_GROUP = `
  CREATE TABLE ${REPORTING}.event_of_group (
    tenant_id  text,
    project_id text   NOT NULL,
    group_id   text   NOT NULL,
    position   bigint NOT NULL,
    PRIMARY KEY (project_id, group_id, position)
  );`;

/** How far the tables are: the event log's last position in them, and the last event of each source and subject. */
const PROGRESS = `
  CREATE TABLE ${REPORTING}.tables_position (position bigint NOT NULL);
  INSERT INTO ${REPORTING}.tables_position VALUES (0);
  CREATE TABLE ${REPORTING}.subject_progress (
    tenant_id text,
    source    text        NOT NULL,
    subject   text        NOT NULL,
    sequence  bigint      NOT NULL,
    at        timestamptz NOT NULL,
    position  bigint      NOT NULL,
    PRIMARY KEY (subject, source)
  );`;

const TABLES = [...Object.keys(VERSIONS), 'usage_step', 'usage_day', 'event_of_group', 'subject_progress'];

/** What was so when, computed from the event log. */
export class TemporalTables1840000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(Object.entries(VERSIONS).map(versionTable).join(''));
    await runner.query(`
      CREATE INDEX group_version_children ON ${REPORTING}.group_version (project_id, parent_id, group_id);
      CREATE INDEX restriction_version_enabled ON ${REPORTING}.restriction_version (project_id, from_at) WHERE is_enabled;
      CREATE INDEX project_version_of_partner ON ${REPORTING}.project_version (partner_id, project_id);
      CREATE INDEX assignment_version_of_group ON ${REPORTING}.assignment_version (project_id, group_id, from_at);`);
    await runner.query(`${USAGE}${EVENT_OF_GROUP}${PROGRESS}`);
    await runner.query(enableRowLevelSecurity(REPORTING, TABLES));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(disableRowLevelSecurity(REPORTING, TABLES));
    await runner.query([...TABLES, 'tables_position'].map((table) => `DROP TABLE ${REPORTING}.${table};`).join('\n'));
  }
}
