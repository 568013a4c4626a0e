import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Ends of grace that still count days of 24 hours, moved to those of the calendar in the project's time zone. */
export class CalendarDaysOfGrace1802000000000 implements MigrationInterface {
  name = 'CalendarDaysOfGrace1802000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      UPDATE licensing.due AS row
      SET at = ((row.at - known.grace_period_days * interval '24 hours') AT TIME ZONE project.time_zone
        + known.grace_period_days * interval '1 day') AT TIME ZONE project.time_zone
      FROM licensing.due_group known, licensing.due_project project
      WHERE row.kind = 'grace_end' AND known.project_id = row.project_id AND known.group_id = row.subject_id
        AND project.project_id = row.project_id`);
  }

  async down(): Promise<void> {
    // What is due is read off the project: a row at another instant costs a look and changes nothing.
  }
}
