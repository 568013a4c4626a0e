import { nextReminder, type Instant, type RemindedTerm, type Reminder } from '@allotree/domain';
import type { EntityManager } from 'typeorm';
import { columns, isoOf } from '../../persistence/columns.js';
import { insertDue, type DueRow } from './term-rows.js';

/** A group whose ends or reminder are others since an instant (ms). */
export interface TouchedGroup {
  readonly projectId: string;
  readonly groupId: string;
  readonly at: number;
}

/**
 * Keeps, for every end of these groups and of what is above them, when its next reminder is due (E2, E5). Whether an
 * end from above counts for a group is read off the project when the reminder is due. A reminder that is due already and has
 * not gone out stays, as long as the plan still has it.
 */
export async function writeReminders(tx: EntityManager, touched: readonly TouchedGroup[]): Promise<void> {
  if (touched.length === 0) return;
  const given = columns(
    touched,
    (row) => row.projectId,
    (row) => row.groupId,
  );
  const before = await goneReminders(tx, given);
  const since = new Map(touched.map((row) => [`${row.projectId} ${row.groupId}`, row.at]));
  const plans = new Plans();
  const rows: DueRow[] = [];
  for (const { project_id: projectId, group_id: groupId, valid_until, valid_from, ...row } of await endsOf(tx, given)) {
    const ref = String(valid_until.getTime());
    const key = `${projectId} ${groupId}`;
    const now = since.get(key) ?? 0;
    const waiting = before.get(`${key} ${ref}`);
    const term = { validFrom: valid_from.getTime(), validUntil: valid_until.getTime(), timeZone: row.time_zone };
    const next = plans.next(row.reminder, term, waiting === undefined ? now : Math.min(waiting - 1, now));
    if (next !== null)
      rows.push({
        projectId,
        subject: 'group',
        subjectId: groupId,
        kind: 'reminder',
        ref,
        at: next,
        validFrom: null,
      });
  }
  await insertDue(tx, rows);
}

/** Plans of groups that share one are looked at once: what ends for the main group ends for many at the same time. */
class Plans {
  private readonly known = new Map<string, Instant | null>();

  next(reminder: Reminder, { validFrom, ...term }: RemindedTerm, after: Instant): Instant | null {
    const { daysBefore, recurrence } = reminder;
    // What began before makes no difference, whenever it was.
    const begun = validFrom <= after ? 0 : validFrom;
    const key = [daysBefore, recurrence, begun, term.validUntil, term.timeZone, after].join(' ');
    let next = this.known.get(key);
    if (next === undefined) {
      next = nextReminder(reminder, { ...term, validFrom: begun }, after)?.at ?? null;
      this.known.set(key, next);
    }
    return next;
  }
}

/**
 * These groups, and those below them that want to be reminded: what ends above a group may end for it (E5). Costs
 * what lies below; for the main group, below which everything lies, the groups that want to be reminded.
 */
export async function withGroupsBelow(
  tx: EntityManager,
  touched: readonly TouchedGroup[],
): Promise<readonly TouchedGroup[]> {
  if (touched.length === 0) return [];
  // UNION ends also where the tree is one of two batches and bites its own tail.
  const below = await tx.query<{ project_id: string; group_id: string; at: Date }[]>(
    `WITH RECURSIVE given AS (
       SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS given(project_id, group_id, at)
     ), below AS (
       SELECT project_id, group_id, at FROM given WHERE group_id <> project_id
       UNION
       SELECT child.project_id, child.group_id, below.at FROM below
       JOIN licensing.due_group child ON child.project_id = below.project_id AND child.parent_id = below.group_id
     )
     SELECT project_id, group_id, max(at) AS at FROM (
       SELECT below.* FROM below JOIN licensing.due_group known USING (project_id, group_id) WHERE known.reminder IS NOT NULL
       UNION ALL
       SELECT known.project_id, known.group_id, given.at FROM given JOIN licensing.due_group known USING (project_id)
       WHERE given.group_id = given.project_id AND known.reminder IS NOT NULL
     ) AS reminded
     GROUP BY project_id, group_id`,
    columns(
      touched,
      (row) => row.projectId,
      (row) => row.groupId,
      (row) => isoOf(row.at),
    ),
  );
  const all = new Map(touched.map((row) => [`${row.projectId} ${row.groupId}`, row]));
  for (const { project_id: projectId, group_id: groupId, at } of below)
    all.set(`${projectId} ${groupId}`, { projectId, groupId, at: at.getTime() });
  return [...all.values()];
}

/** Takes the reminders of the groups away, and says when each was due. */
async function goneReminders(tx: EntityManager, given: unknown[][]): Promise<Map<string, number>> {
  const gone = await tx.query<{ project_id: string; subject_id: string; ref: string; at: Date }[]>(
    `WITH gone AS (
       DELETE FROM licensing.due AS known USING unnest($1::text[], $2::text[]) AS given(project_id, group_id)
       WHERE known.project_id = given.project_id AND known.subject = 'group' AND known.subject_id = given.group_id
         AND known.kind = 'reminder'
       RETURNING known.*
     )
     SELECT project_id, subject_id, ref, at FROM gone`,
    given,
  );
  return new Map(gone.map((row) => [`${row.project_id} ${row.subject_id} ${row.ref}`, row.at.getTime()]));
}

interface EndRow {
  readonly project_id: string;
  readonly group_id: string;
  readonly time_zone: string;
  readonly reminder: Reminder;
  readonly valid_until: Date;
  readonly valid_from: Date;
}

/** What is still to end for those of these groups that want to be reminded: their own terms, those above, licenses. */
async function endsOf(tx: EntityManager, given: unknown[][]): Promise<EndRow[]> {
  return tx.query<EndRow[]>(
    `WITH RECURSIVE place AS (
       SELECT known.project_id, known.group_id, known.group_id AS above_id, known.parent_id
       FROM unnest($1::text[], $2::text[]) AS given(project_id, group_id)
       JOIN licensing.due_group known USING (project_id, group_id)
       WHERE known.reminder IS NOT NULL AND (known.enabled OR known.group_id = known.project_id)
       UNION
       SELECT place.project_id, place.group_id, above.group_id, above.parent_id FROM place
       JOIN licensing.due_group above ON above.project_id = place.project_id AND above.group_id = place.parent_id
     )
     SELECT project_id, group_id, time_zone, reminder, ending.at AS valid_until, min(ending.valid_from) AS valid_from
     FROM (
       SELECT place.project_id, place.group_id, own.at, own.valid_from FROM place
       JOIN licensing.due own ON own.project_id = place.project_id AND own.subject = 'group'
         AND own.subject_id = place.above_id AND own.kind = 'end'
       UNION ALL
       SELECT place.project_id, place.group_id, license.at, license.valid_from FROM place
       JOIN licensing.due license ON license.project_id = place.project_id AND license.subject = 'license'
         AND license.kind = 'end'
       WHERE place.above_id = place.group_id
     ) AS ending
     JOIN licensing.due_group USING (project_id, group_id)
     JOIN licensing.due_project USING (project_id)
     GROUP BY project_id, group_id, time_zone, reminder, ending.at`,
    given,
  );
}
