import {
  dueOf,
  endsAheadIn,
  periodEndOf,
  projectOf,
  remindedFrom,
  reminderOf,
  ReminderPlans,
  type EndsAhead,
  type ProjectState,
  type Reminder,
} from '@allotree/domain';
import type { DueRow, DueSubject } from './due-rows.js';
import type { TouchedProject } from './touched-terms.js';

/** A group with a reminder, and the ends that may have to be announced to it. */
interface RemindedGroup {
  readonly groupId: string;
  /** Since when its ends or its reminder are so (ms). */
  readonly since: number;
  readonly reminder: Reminder;
  readonly ends: EndsAhead;
}

/** What is to come of the touched groups and licenses of a project. */
export interface DueOfProject {
  readonly projectId: string;
  readonly timeZone: string;
  /** Whose rows are replaced. */
  readonly subjects: readonly { readonly subject: DueSubject; readonly subjectId: string; readonly every: boolean }[];
  readonly terms: readonly DueRow[];
  readonly reminded: readonly RemindedGroup[];
}

/** Asks the project what becomes due; the result keeps no reference to the state. */
export function dueOfProject(
  state: ProjectState,
  { projectId, groups, licenses, isPeriodTouched }: TouchedProject,
): DueOfProject {
  const reminded = remindedGroups(state, groups);
  const below = [...reminded.keys()].filter((groupId) => !groups.has(groupId));
  return {
    projectId,
    timeZone: projectOf(state)?.timeZone ?? 'UTC',
    subjects: [
      ...[...groups.keys()].map((subjectId) => ({ subject: 'group' as const, subjectId, every: true })),
      ...below.map((subjectId) => ({ subject: 'group' as const, subjectId, every: false })),
      ...[...licenses].map((subjectId) => ({ subject: 'license' as const, subjectId, every: true })),
      ...(isPeriodTouched ? [{ subject: 'project' as const, subjectId: projectId, every: true }] : []),
    ],
    terms: [
      ...[...groups.keys()].flatMap((groupId) => termRows(state, projectId, { groupId })),
      ...[...licenses].flatMap((licenseId) => termRows(state, projectId, { licenseId })),
      ...(isPeriodTouched ? periodRows(state, projectId) : []),
    ],
    reminded: [...reminded.values()],
  };
}

/** The touched groups and those below them that have a reminder: what ends above a group may end for it (E5). */
function remindedGroups(state: ProjectState, groups: ReadonlyMap<string, number>): Map<string, RemindedGroup> {
  const endsAhead = endsAheadIn(state);
  const reminded = new Map<string, RemindedGroup>();
  for (const [top, at] of groups) {
    for (const groupId of remindedFrom(state, top)) {
      const known = reminded.get(groupId);
      const since = Math.max(at, known?.since ?? 0);
      if (known) reminded.set(groupId, { ...known, since });
      else reminded.set(groupId, { groupId, since, reminder: reminderOf(state, groupId)!, ends: endsAhead(groupId) });
    }
  }
  return reminded;
}

function periodRows(state: ProjectState, projectId: string): DueRow[] {
  const at = periodEndOf(state);
  return at === null ? [] : [{ projectId, subject: 'project', subjectId: projectId, kind: 'period_end', ref: '', at }];
}

function termRows(state: ProjectState, projectId: string, key: Parameters<typeof dueOf>[1]): DueRow[] {
  const [subject, subjectId] =
    'licenseId' in key ? (['license', key.licenseId] as const) : (['group', key.groupId] as const);
  return dueOf(state, key).map(({ kind, allotmentId, at }) => ({
    projectId,
    subject,
    subjectId,
    kind,
    ref: allotmentId ?? '',
    at,
  }));
}

/**
 * When the next reminder of each end is due (E2). Whether an end counts for the group is read off the project then. A
 * reminder that is due already and has not gone out stays, as long as the plan still has it.
 * @param waiting when the reminder of an end was due until now
 */
export function reminderRows(
  { projectId, timeZone, reminded }: DueOfProject,
  plans: ReminderPlans,
  waiting: (groupId: string, ref: string) => number | undefined,
): DueRow[] {
  const rows: DueRow[] = [];
  for (const { groupId, since, reminder, ends } of reminded) {
    for (const [validUntil, validFrom] of ends) {
      const ref = String(validUntil);
      const after = Math.min((waiting(groupId, ref) ?? Infinity) - 1, since);
      const next = plans.next(reminder, { validFrom, validUntil, timeZone }, after);
      if (next) rows.push({ projectId, subject: 'group', subjectId: groupId, kind: 'reminder', ref, at: next.at });
    }
  }
  return rows;
}
