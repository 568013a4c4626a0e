import type { MigrationInterface, QueryRunner } from 'typeorm';

const UNITS = ['sip_number', 'mobile_app', 'ukey2'];
/** Three columns of a limit for every resource; null is unlimited. */
const limits = (prefix: string): string => UNITS.map((resource) => `"${prefix}${resource}" bigint`).join(', ');

const UP = [
  `CREATE TABLE "licensing"."license_group" (
     "project_id" text NOT NULL, "group_id" text NOT NULL, "parent_id" text, "type" text NOT NULL, "name" text NOT NULL,
     "path" text array NOT NULL, "removed_at" timestamptz,
     CONSTRAINT "pk_license_group" PRIMARY KEY ("project_id", "group_id"))`,
  `CREATE INDEX "ix_license_group_parent" ON "licensing"."license_group" ("project_id", "parent_id")`,

  `CREATE TABLE "licensing"."group_quota" (
     "project_id" text NOT NULL, "group_id" text NOT NULL, "resource" text NOT NULL,
     "restricted" boolean NOT NULL, "own_limit" bigint, "consumed" integer NOT NULL, "suspended" integer NOT NULL,
     CONSTRAINT "pk_group_quota" PRIMARY KEY ("project_id", "group_id", "resource"))`,

  `CREATE TABLE "licensing"."restriction" (
     "project_id" text NOT NULL, "group_id" text NOT NULL, "enabled" boolean NOT NULL, "pool_mode" text NOT NULL,
     "grace_period_days" integer NOT NULL, "reminder" jsonb,
     CONSTRAINT "pk_restriction" PRIMARY KEY ("project_id", "group_id"))`,
  `CREATE TABLE "licensing"."allotment" (
     "project_id" text NOT NULL, "group_id" text NOT NULL, "allotment_id" text NOT NULL, "type" text NOT NULL, ${limits('')},
     "features" text array NOT NULL, "valid_from" timestamptz NOT NULL, "valid_until" timestamptz,
     CONSTRAINT "pk_allotment" PRIMARY KEY ("project_id", "group_id", "allotment_id"))`,

  `CREATE TABLE "licensing"."assignment" (
     "project_id" text NOT NULL, "assignment_id" text NOT NULL, "group_id" text NOT NULL, "resource" text NOT NULL,
     "label" text, "holder" text, "sip_assignment_id" text, "suspended" boolean NOT NULL, "assigned_at" timestamptz NOT NULL,
     CONSTRAINT "pk_assignment" PRIMARY KEY ("project_id", "assignment_id"))`,

  `CREATE TABLE "licensing"."license" (
     "project_id" text NOT NULL, "license_id" text NOT NULL, "type" text NOT NULL, ${limits('')},
     "features" text array NOT NULL, "valid_from" timestamptz NOT NULL, "valid_until" timestamptz, "source" jsonb NOT NULL,
     "suspended_reason" text, "revoked_reason" text,
     CONSTRAINT "pk_license" PRIMARY KEY ("project_id", "license_id"))`,

  `CREATE TABLE "licensing"."stock_partner" (
     "partner_id" text NOT NULL, "tenant_id" text NOT NULL, "kind" text NOT NULL, "name" text NOT NULL, "parent_partner_id" text,
     CONSTRAINT "pk_stock_partner" PRIMARY KEY ("partner_id"))`,
  `CREATE TABLE "licensing"."stock_package" (
     "partner_id" text NOT NULL, "package_id" text NOT NULL, "name" text NOT NULL,
     "from_partner_id" text, "from_package_id" text, ${limits('')}, ${limits('sold_')}, ${limits('issued_')},
     "features" text array NOT NULL, "valid_from" timestamptz NOT NULL, "valid_until" timestamptz,
     CONSTRAINT "pk_stock_package" PRIMARY KEY ("partner_id", "package_id"))`,

  `CREATE TABLE "licensing"."history_entry" (
     "project_id" text NOT NULL, "position" bigint NOT NULL, "ordinal" integer NOT NULL, "event_id" text NOT NULL,
     "event_type" text NOT NULL, "group_id" text, "subject" text, "at" timestamptz NOT NULL,
     "recorded_at" timestamptz NOT NULL, "actor" text NOT NULL, "correlation_id" text NOT NULL,
     "details" json NOT NULL, "before" json, "after" json,
     CONSTRAINT "pk_history_entry" PRIMARY KEY ("project_id", "position", "ordinal"))`,
  `CREATE INDEX "ix_history_entry_group" ON "licensing"."history_entry" ("project_id", "group_id", "position", "ordinal")`,
  // The previous state is the newest entry about an object; assignments are never looked up.
  `CREATE INDEX "ix_history_entry_subject" ON "licensing"."history_entry" ("project_id", "subject", "position", "ordinal")
     WHERE "subject" IS NOT NULL`,
];

const TABLES = [
  'history_entry',
  'stock_package',
  'stock_partner',
  'license',
  'assignment',
  'allotment',
  'restriction',
  'group_quota',
  'license_group',
];

export class LicensingViews1780000000000 implements MigrationInterface {
  name = 'LicensingViews1780000000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) await runner.query(`DROP TABLE "licensing"."${table}"`);
  }
}
