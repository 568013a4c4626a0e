import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where the groups of the due work lie, because what ends above a group may end for it; and its reminders of such ends. */
export class PlacesOfGroupsDue1802000000001 implements MigrationInterface {
  name = 'PlacesOfGroupsDue1802000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE licensing.due_group ADD COLUMN parent_id text;
      CREATE INDEX ix_due_group_parent ON licensing.due_group (project_id, parent_id);
      CREATE INDEX ix_due_group_reminded ON licensing.due_group (project_id) WHERE reminder IS NOT NULL;
      INSERT INTO licensing.due_group (project_id, group_id, parent_id, enabled, grace_period_days)
      SELECT project_id, group_id, parent_id, false, 0 FROM licensing.license_group
      ON CONFLICT (project_id, group_id) DO UPDATE SET parent_id = excluded.parent_id`);
    await runner.query(REMINDERS);
    if (await runner.hasTable('licensing.checkpoint'))
      // The places were taken from the group views: what these have not seen yet is looked at again.
      await runner.query(`
        UPDATE licensing.checkpoint due SET position = views.position FROM licensing.checkpoint views
        WHERE due.name = 'due-work' AND views.name = 'group-views' AND views.position < due.position`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DELETE FROM licensing.due_group WHERE reminder IS NULL AND NOT enabled;
      ALTER TABLE licensing.due_group DROP COLUMN parent_id;
      DROP INDEX licensing.ix_due_group_reminded`);
  }
}

/** Each is looked at now, when nothing of its plan is due, and from then on waits for the next one that is. */
const REMINDERS = `
  WITH RECURSIVE place AS (
    SELECT project_id, group_id, group_id AS above_id, parent_id FROM licensing.due_group
    WHERE reminder IS NOT NULL AND (enabled OR group_id = project_id)
    UNION
    SELECT place.project_id, place.group_id, above.group_id, above.parent_id FROM place
    JOIN licensing.due_group above ON above.project_id = place.project_id AND above.group_id = place.parent_id
  )
  INSERT INTO licensing.due (project_id, subject, subject_id, kind, ref, at)
  SELECT DISTINCT place.project_id, 'group', place.group_id, 'reminder',
    (extract(epoch FROM ending.at) * 1000)::bigint::text, now()
  FROM place JOIN licensing.due ending ON ending.project_id = place.project_id AND ending.kind = 'end'
    AND (ending.subject = 'license' OR ending.subject_id = place.above_id)
  WHERE ending.at > now()
  ON CONFLICT DO NOTHING`;
