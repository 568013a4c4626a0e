import { graceEndOf } from '@allotree/domain';
import type { EntityManager } from 'typeorm';
import { columns, isoOf, isoOrNull } from '../../persistence/columns.js';
import type { GroupPlace, GroupTerms, LicenseTerm, OpenedProject, Settings } from './due-batch.js';

/** `group`: an allotment of it; `license`: a license of the project. */
export type DueSubject = 'group' | 'license';
export type DueKind = 'start' | 'end' | 'grace_end' | 'reminder';

export interface DueRow {
  readonly projectId: string;
  readonly subject: DueSubject;
  readonly subjectId: string;
  readonly kind: DueKind;
  readonly ref: string;
  /** Milliseconds, as all instants here. */
  readonly at: number;
  /** Of an end: since when the term runs. */
  readonly validFrom: number | null;
}

export async function writeProjects(tx: EntityManager, projects: readonly OpenedProject[]): Promise<void> {
  if (projects.length === 0) return;
  await tx.query(
    `INSERT INTO licensing.due_project (project_id, tenant_id, time_zone)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING`,
    columns(
      projects,
      (row) => row.projectId,
      (row) => row.tenantId,
      (row) => row.timeZone,
    ),
  );
}

/** Where these groups lie: what ends above a group may end for it (E5). */
export async function writePlaces(tx: EntityManager, places: readonly GroupPlace[]): Promise<void> {
  if (places.length === 0) return;
  await tx.query(
    `INSERT INTO licensing.due_group (project_id, group_id, parent_id, enabled, grace_period_days)
     SELECT project_id, group_id, parent_id, false, 0
     FROM unnest($1::text[], $2::text[], $3::text[]) AS placed(project_id, group_id, parent_id)
     ON CONFLICT (project_id, group_id) DO UPDATE SET parent_id = excluded.parent_id`,
    columns(
      places,
      (row) => row.projectId,
      (row) => row.groupId,
      (row) => row.parentId,
    ),
  );
}

/** The rows of these groups, all but their reminders. */
export async function writeGroupTerms(tx: EntityManager, groups: readonly GroupTerms[]): Promise<void> {
  if (groups.length === 0) return;
  const settings = await settingsOf(tx, groups);
  const zones = await zonesOf(tx, groups);
  await tx.query(
    `DELETE FROM licensing.due AS known USING unnest($1::text[], $2::text[]) AS given(project_id, group_id)
     WHERE known.project_id = given.project_id AND known.subject = 'group' AND known.subject_id = given.group_id
       AND known.kind <> 'reminder'`,
    columns(
      groups,
      (row) => row.projectId,
      (row) => row.groupId,
    ),
  );
  await insertDue(
    tx,
    groups.flatMap((group) => rowsOf(group, settings.get(keyOf(group)) ?? null, zones.get(group.projectId) ?? 'UTC')),
  );
}

/** The time zone of each project of these groups. */
async function zonesOf(tx: EntityManager, groups: readonly GroupTerms[]): Promise<Map<string, string>> {
  const projectIds = [...new Set(groups.map(({ projectId }) => projectId))];
  const rows = await tx.query<{ project_id: string; time_zone: string }[]>(
    'SELECT project_id, time_zone FROM licensing.due_project WHERE project_id = ANY($1::text[])',
    [projectIds],
  );
  return new Map(rows.map((row) => [row.project_id, row.time_zone]));
}

const keyOf = ({ projectId, groupId }: Pick<GroupTerms, 'projectId' | 'groupId'>): string => `${projectId} ${groupId}`;

/** How each group is set now. A batch overrides the stored setting; without a change in the batch the stored setting applies. */
async function settingsOf(tx: EntityManager, groups: readonly GroupTerms[]): Promise<Map<string, Settings>> {
  const settings = new Map<string, Settings>();
  const changed = groups.filter((group) => group.settings !== null);
  const unchanged = groups.filter((group) => group.settings === null);
  for (const group of changed) settings.set(keyOf(group), group.settings as Settings);
  if (changed.length > 0)
    await tx.query(
      `INSERT INTO licensing.due_group (project_id, group_id, enabled, grace_period_days, reminder)
       SELECT * FROM unnest($1::text[], $2::text[], $3::boolean[], $4::integer[], $5::jsonb[])
       ON CONFLICT (project_id, group_id) DO UPDATE
       SET enabled = excluded.enabled, grace_period_days = excluded.grace_period_days, reminder = excluded.reminder`,
      columns(
        changed,
        (row) => row.projectId,
        (row) => row.groupId,
        (row) => row.settings?.enabled,
        (row) => row.settings?.gracePeriodDays,
        (row) => (row.settings?.reminder ? JSON.stringify(row.settings.reminder) : null),
      ),
    );
  if (unchanged.length === 0) return settings;
  const known = await tx.query<
    {
      project_id: string;
      group_id: string;
      enabled: boolean;
      grace_period_days: number;
      reminder: Settings['reminder'];
    }[]
  >(
    `SELECT known.* FROM licensing.due_group known
     JOIN unnest($1::text[], $2::text[]) AS given(project_id, group_id) USING (project_id, group_id)`,
    columns(
      unchanged,
      (row) => row.projectId,
      (row) => row.groupId,
    ),
  );
  for (const { project_id, group_id, enabled, grace_period_days: gracePeriodDays, reminder } of known)
    settings.set(keyOf({ projectId: project_id, groupId: group_id }), { enabled, gracePeriodDays, reminder });
  return settings;
}

/** The allotment changes of a group that are still to come. A disabled restriction causes none. */
function rowsOf(
  { projectId, groupId, allotments, at: now }: GroupTerms,
  settings: Settings | null,
  timeZone: string,
): DueRow[] {
  if (settings?.enabled !== true) return [];
  const rows: DueRow[] = [];
  for (const { allotmentId: ref, validFrom, validUntil } of allotments) {
    const add = (kind: DueKind, at: number): void => {
      if (at > now) rows.push({ projectId, subject: 'group', subjectId: groupId, kind, ref, at, validFrom });
    };
    add('start', validFrom);
    if (validUntil === null) continue;
    add('end', validUntil);
    if (settings.gracePeriodDays > 0) add('grace_end', graceEndOf(validUntil, settings.gracePeriodDays, timeZone));
  }
  return rows;
}

/** The rows of these licenses. */
export async function writeLicenseTerms(tx: EntityManager, licenses: readonly LicenseTerm[]): Promise<void> {
  if (licenses.length === 0) return;
  // An extension leaves the start as it is; the end that was there before knows it.
  const starts = await tx.query<{ project_id: string; license_id: string; valid_from: Date | null }[]>(
    `WITH gone AS (
       DELETE FROM licensing.due AS known
       USING unnest($1::text[], $2::text[], $3::boolean[]) AS given(project_id, license_id, whole)
       WHERE known.project_id = given.project_id AND known.subject = 'license' AND known.subject_id = given.license_id
         AND (known.kind = 'end' OR given.whole)
       RETURNING known.*
     )
     SELECT project_id, subject_id AS license_id, valid_from FROM gone WHERE kind = 'end'`,
    columns(
      licenses,
      (row) => row.projectId,
      (row) => row.licenseId,
      (row) => row.revoked || row.validFrom !== null,
    ),
  );
  const known = new Map(
    starts.map((row) => [`${row.project_id} ${row.license_id}`, row.valid_from?.getTime() ?? null]),
  );
  const rows: DueRow[] = [];
  for (const { projectId, licenseId, at: now, validFrom, validUntil } of licenses) {
    const row = { projectId, subject: 'license', subjectId: licenseId, ref: '' } as const;
    if (validFrom !== null && validFrom > now) rows.push({ ...row, kind: 'start', at: validFrom, validFrom: null });
    const from = validFrom ?? known.get(`${projectId} ${licenseId}`) ?? now;
    if (validUntil !== null && validUntil > now) rows.push({ ...row, kind: 'end', at: validUntil, validFrom: from });
  }
  await insertDue(tx, rows);
}

export async function insertDue(tx: EntityManager, rows: readonly DueRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `INSERT INTO licensing.due (project_id, subject, subject_id, kind, ref, at, valid_from)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[])
     ON CONFLICT (project_id, subject, subject_id, kind, ref) DO UPDATE
     SET at = excluded.at, valid_from = excluded.valid_from`,
    columns(
      rows,
      (row) => row.projectId,
      (row) => row.subject,
      (row) => row.subjectId,
      (row) => row.kind,
      (row) => row.ref,
      (row) => isoOf(row.at),
      (row) => isoOrNull(row.validFrom),
    ),
  );
}
