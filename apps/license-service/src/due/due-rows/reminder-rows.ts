import { nextReminder, type Reminder } from '@allotree/domain';
import type { EntityManager } from 'typeorm';
import { columns } from '../../persistence/columns.js';
import { insertDue, type DueRow } from './term-rows.js';

/** A group whose ends or reminder are others since an instant (ms). */
export interface TouchedGroup {
  readonly projectId: string;
  readonly groupId: string;
  readonly at: number;
}

/**
 * Keeps, for every end of these groups, when its next reminder is due (domain.md E2); the licenses of a project end for its
 * main group. A reminder that is due already and has not gone out stays, as long as the plan still has it.
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
  const rows: DueRow[] = [];
  for (const { project_id: projectId, group_id: groupId, valid_until, valid_from, ...row } of await endsOf(tx, given)) {
    const ref = String(valid_until.getTime());
    const key = `${projectId} ${groupId}`;
    const now = since.get(key) ?? 0;
    const waiting = before.get(`${key} ${ref}`);
    const term = { validFrom: valid_from.getTime(), validUntil: valid_until.getTime(), timeZone: row.time_zone };
    const next = nextReminder(row.reminder, term, waiting === undefined ? now : Math.min(waiting - 1, now));
    if (next)
      rows.push({
        projectId,
        subject: 'group',
        subjectId: groupId,
        kind: 'reminder',
        ref,
        at: next.at,
        validFrom: null,
      });
  }
  await insertDue(tx, rows);
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

/** The ends of these groups that are still to come, of those that want to be reminded. */
async function endsOf(tx: EntityManager, given: unknown[][]): Promise<EndRow[]> {
  return tx.query<EndRow[]>(
    `SELECT project_id, group_id, time_zone, reminder, ending.at AS valid_until, min(ending.valid_from) AS valid_from
     FROM unnest($1::text[], $2::text[]) AS given(project_id, group_id)
     JOIN licensing.due_group known USING (project_id, group_id)
     JOIN licensing.due_project USING (project_id)
     CROSS JOIN LATERAL (
       SELECT at, valid_from FROM licensing.due
       WHERE due.project_id = given.project_id AND subject = 'group' AND subject_id = given.group_id AND kind = 'end'
       UNION ALL
       SELECT at, valid_from FROM licensing.due
       WHERE given.group_id = given.project_id
         AND due.project_id = given.project_id AND subject = 'license' AND kind = 'end'
     ) AS ending
     WHERE known.reminder IS NOT NULL
     GROUP BY project_id, group_id, time_zone, reminder, ending.at`,
    given,
  );
}
