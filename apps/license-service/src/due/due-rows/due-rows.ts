import type { DueTerm } from '@allotree/domain';
import type { EntityManager } from 'typeorm';
import { columns, isoOf } from '../../persistence/columns.js';
import type { DueOfProject } from './due-of-project.js';

/** `group`: an allotment of it, or one of its reminders; `license`: a license of the project; `project`: its billing period. */
export type DueSubject = 'group' | 'license' | 'project';
export type DueKind = DueTerm['kind'] | 'reminder' | 'period_end';

export interface DueRow {
  readonly projectId: string;
  readonly subject: DueSubject;
  readonly subjectId: string;
  readonly kind: DueKind;
  /** The allotment, or the end (ms) that a reminder announces; empty for a license and a billing period. */
  readonly ref: string;
  /** Milliseconds, as all instants here. */
  readonly at: number;
}

export const reminderKey = (projectId: string, groupId: string, ref: string): string =>
  `${projectId} ${groupId} ${ref}`;

/** Removes the rows of the subjects, of some of them only the reminders. @returns when each reminder was due */
export async function removeDue(tx: EntityManager, projects: readonly DueOfProject[]): Promise<Map<string, number>> {
  const subjects = projects.flatMap(({ projectId, subjects: some }) => some.map((one) => ({ projectId, ...one })));
  const gone = await tx.query<{ project_id: string; subject_id: string; ref: string; at: Date }[]>(
    `WITH gone AS (
       DELETE FROM licensing.due AS known
       USING unnest($1::text[], $2::text[], $3::text[], $4::boolean[]) AS given(project_id, subject, subject_id, every)
       WHERE known.project_id = given.project_id AND known.subject = given.subject AND known.subject_id = given.subject_id
         AND (given.every OR known.kind = 'reminder')
       RETURNING known.*
     )
     SELECT project_id, subject_id, ref, at FROM gone WHERE kind = 'reminder'`,
    columns(
      subjects,
      (row) => row.projectId,
      (row) => row.subject,
      (row) => row.subjectId,
      (row) => row.every,
    ),
  );
  return new Map(gone.map((row) => [reminderKey(row.project_id, row.subject_id, row.ref), row.at.getTime()]));
}

export async function insertDue(tx: EntityManager, rows: readonly DueRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `INSERT INTO licensing.due (project_id, subject, subject_id, kind, ref, at)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
     ON CONFLICT (project_id, subject, subject_id, kind, ref) DO UPDATE SET at = excluded.at`,
    columns(
      rows,
      (row) => row.projectId,
      (row) => row.subject,
      (row) => row.subjectId,
      (row) => row.kind,
      (row) => row.ref,
      (row) => isoOf(row.at),
    ),
  );
}
