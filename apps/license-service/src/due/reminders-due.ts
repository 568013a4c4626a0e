import { licenseExpiryJobId, type ReminderJob } from '@allotree/contracts';
import {
  countsBelow,
  EndsInEffect,
  fallbacksAt,
  graceEndOf,
  isClosed,
  nameOf,
  noCounts,
  projectOf,
  reminderOf,
  ReminderPlans,
  restrictionOf,
  suspendedAt,
  type AssignmentRef,
  type Instant,
  type Project,
  type ProjectState,
  type Reminder,
  type SentReminder,
} from '@allotree/domain';
import type { ExpiryJob } from './expiry-outbox.js';

/** A reminder's instant has come: of a group, for an end. */
export interface ReminderAlarm {
  readonly groupId: string;
  readonly validUntil: Instant;
  /** The first instant of the plan that has not been dealt with. */
  readonly at: Instant;
}

/** What came of an alarm. */
export interface ReminderAnswer {
  readonly alarm: ReminderAlarm;
  /** `null`: nothing ends any more, nobody wants to know, or it is too late. */
  readonly job: ExpiryJob | null;
  /** When the next one of this end is due. */
  readonly next: Instant | null;
}

/**
 * Looks at the project as it is now: of the reminders that have become due for an end, the latest goes out, and none once
 * the end has come (E2).
 */
export function remindersDue(
  state: ProjectState,
  alarms: readonly ReminderAlarm[],
  now: Instant,
): readonly ReminderAnswer[] {
  // Nobody is reminded of a closed project.
  const project = isClosed(state) ? null : projectOf(state);
  const plans = new ReminderPlans();
  const ends = new EndsInEffect(state, now);
  const answers = alarms.map((alarm) => ({
    alarm,
    ...(project && dueFor({ state, project, plans, ends, now }, alarm)),
  }));
  const outlooks = project ? outlooksOf({ state, project, now }, answers) : new Map<ReminderAlarm, Outlook>();
  const firsts = firstOfGroups(answers);
  return answers.map(({ alarm, due = null, next = null }) => {
    const firstDue = firsts.get(alarm.groupId) === alarm && due;
    const outlook = outlooks.get(alarm);
    const job = project && firstDue && outlook ? jobOf(project, alarm, { ...firstDue, outlook }) : null;
    return { alarm, job, next };
  });
}

/** Of the ends that a group is to be reminded of now, the nearest: a group has one reminder a day (E5). */
function firstOfGroups(
  answers: readonly { readonly alarm: ReminderAlarm; readonly due?: Due | null }[],
): ReadonlyMap<string, ReminderAlarm> {
  const firsts = new Map<string, ReminderAlarm>();
  for (const { alarm, due } of answers) {
    const first = firsts.get(alarm.groupId);
    if (due && (!first || alarm.validUntil < first.validUntil)) firsts.set(alarm.groupId, alarm);
  }
  return firsts;
}

interface Due {
  readonly planned: SentReminder;
  readonly reminder: Reminder;
  readonly groupName: string;
  readonly allotmentIds: readonly string[];
}

interface Looking {
  readonly state: ProjectState;
  readonly project: Project;
  readonly plans: ReminderPlans;
  readonly ends: EndsInEffect;
  readonly now: Instant;
}

function dueFor(
  { state, project, plans, ends, now }: Looking,
  { groupId, validUntil, at }: ReminderAlarm,
): { due: Due | null; next: Instant | null } | null {
  const reminder = reminderOf(state, groupId);
  if (!reminder || validUntil <= now) return null;
  const ending = ends.at(groupId, validUntil);
  const term = { validFrom: ending?.validFrom ?? 0, validUntil, timeZone: project.timeZone };
  const { sent, next } = plans.latest(reminder, term, { from: at, now });
  // What does not count today may count when the next one is due, say because what bound until then was raised.
  if (!sent || !ending) return { due: null, next };
  const { allotmentIds } = ending;
  return { due: { planned: sent, reminder, groupName: nameOf(state, groupId), allotmentIds }, next };
}

/** What happens to a group at an end if nothing changes until then. */
type Outlook = Required<Pick<ReminderJob, 'fallback' | 'stopping'>> & Pick<ReminderJob, 'grace'>;

type Foreseeing = Pick<Looking, 'state' | 'project' | 'now'>;

/** What stops and what takes over at each end, worked out once for all groups that share it. */
function outlooksOf(
  { state, project, now }: Foreseeing,
  answers: readonly { readonly alarm: ReminderAlarm; readonly due?: Due | null }[],
): Map<ReminderAlarm, Outlook> {
  const dueOnes = answers.filter(({ due }) => due).map(({ alarm }) => alarm);
  const suspensions = new Suspensions(state);
  const outlooks = new Map<ReminderAlarm, Outlook>();
  for (const validUntil of new Set(dueOnes.map((alarm) => alarm.validUntil))) {
    const alarms = dueOnes.filter((alarm) => alarm.validUntil === validUntil);
    const groupIds = alarms.map(({ groupId }) => groupId);
    const types = fallbacksAt(state, groupIds, validUntil);
    const stopping = suspensions.below(groupIds, validUntil);
    for (const alarm of alarms) {
      const { groupId } = alarm;
      const grace = graceOf({ state, project, now }, alarm);
      outlooks.set(alarm, {
        fallback: types.get(groupId) ?? null,
        stopping: stopping.get(groupId) ?? noCounts(),
        ...(grace !== null && {
          grace: {
            until: new Date(grace).toISOString(),
            stopping: suspensions.below([groupId], grace).get(groupId) ?? noCounts(),
          },
        }),
      });
    }
  }
  return outlooks;
}

/** Until when days of grace run in a group whose own term ends. `null`: there are none. */
function graceOf({ state, project, now }: Foreseeing, { groupId, validUntil }: ReminderAlarm): Instant | null {
  const restriction = restrictionOf(state, groupId, now);
  if (!restriction?.enabled || restriction.gracePeriodDays === 0) return null;
  const isOwn = restriction.allotments.some((allotment) => allotment.validUntil === validUntil);
  return isOwn ? graceEndOf(validUntil, restriction.gracePeriodDays, project.timeZone) : null;
}

/** What is suspended at instants to come, each looked at once. */
class Suspensions {
  private readonly known = new Map<Instant, readonly AssignmentRef[]>();

  constructor(private readonly state: ProjectState) {}

  below(groupIds: readonly string[], at: Instant): ReturnType<typeof countsBelow> {
    let assignments = this.known.get(at);
    if (!assignments) this.known.set(at, (assignments = suspendedAt(this.state, at)));
    return countsBelow(this.state, groupIds, assignments);
  }
}

function jobOf(
  project: Project,
  { groupId, validUntil }: ReminderAlarm,
  { planned, reminder, groupName, allotmentIds, outlook }: Due & { readonly outlook: Outlook },
): ExpiryJob {
  const data: ReminderJob = {
    kind: 'reminder',
    tenantId: project.tenantId,
    projectId: project.projectId,
    projectName: project.name,
    timeZone: project.timeZone,
    groupId,
    groupName,
    dueAt: new Date(planned.at).toISOString(),
    date: planned.date,
    validUntil: new Date(validUntil).toISOString(),
    daysLeft: planned.daysLeft,
    allotmentIds: [...allotmentIds],
    recipients: reminder.recipients,
    ...outlook,
  };
  return { id: licenseExpiryJobId.reminder({ ...data, date: planned.occasion }), data };
}
