import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = [
  // What becomes due and when. `ref`: the allotment, or the end (ms) a reminder announces.
  `CREATE TABLE "licensing"."due" (
     "project_id" text NOT NULL, "subject" text NOT NULL, "subject_id" text NOT NULL, "kind" text NOT NULL, "ref" text NOT NULL,
     "at" timestamptz NOT NULL, "valid_from" timestamptz,
     CONSTRAINT "pk_due" PRIMARY KEY ("project_id", "subject", "subject_id", "kind", "ref"))`,
  `CREATE INDEX "ix_due_at" ON "licensing"."due" ("at")`,
  `CREATE TABLE "licensing"."due_project" (
     "project_id" text NOT NULL, "tenant_id" text NOT NULL, "time_zone" text NOT NULL,
     CONSTRAINT "pk_due_project" PRIMARY KEY ("project_id"))`,
  `CREATE INDEX "ix_due_project_tenant" ON "licensing"."due_project" ("tenant_id")`,
  `CREATE TABLE "licensing"."due_group" (
     "project_id" text NOT NULL, "group_id" text NOT NULL, "enabled" boolean NOT NULL, "grace_period_days" integer NOT NULL,
     "reminder" jsonb,
     CONSTRAINT "pk_due_group" PRIMARY KEY ("project_id", "group_id"))`,

  // Jobs for the queue, kept until they are done: a queue that is lost is filled from here.
  `CREATE TABLE "licensing"."expiry_job" (
     "job_id" text NOT NULL, "sequence" bigint GENERATED ALWAYS AS IDENTITY, "due_at" timestamptz NOT NULL, "data" jsonb NOT NULL,
     "look_at" timestamptz,
     CONSTRAINT "pk_expiry_job" PRIMARY KEY ("job_id"))`,
  `CREATE INDEX "ix_expiry_job_waiting" ON "licensing"."expiry_job" ("due_at", "sequence") WHERE "look_at" IS NULL`,
  `CREATE INDEX "ix_expiry_job_look" ON "licensing"."expiry_job" ("look_at") WHERE "look_at" IS NOT NULL`,

  // Ends in sight, in the order of time.
  `CREATE INDEX "ix_allotment_end" ON "licensing"."allotment" ("valid_until", "project_id", "group_id", "allotment_id")
     WHERE "valid_until" IS NOT NULL`,
  `CREATE INDEX "ix_allotment_end_of_project" ON "licensing"."allotment" ("project_id", "valid_until")
     WHERE "valid_until" IS NOT NULL`,
  `CREATE INDEX "ix_license_end" ON "licensing"."license" ("valid_until", "project_id", "license_id")
     WHERE "valid_until" IS NOT NULL`,
];

export class DueWork1790000000000 implements MigrationInterface {
  name = 'DueWork1790000000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const index of ['ix_allotment_end', 'ix_allotment_end_of_project', 'ix_license_end'])
      await runner.query(`DROP INDEX "licensing"."${index}"`);
    for (const table of ['expiry_job', 'due_group', 'due_project', 'due'])
      await runner.query(`DROP TABLE "licensing"."${table}"`);
  }
}
