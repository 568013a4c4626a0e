import { licenseExpiryJobId, type EndedJob, type RestoredJob, type TrialStartedJob } from '@allotree/contracts';
import {
  allotmentIdsByGroup,
  countsBelow,
  dateAt,
  EndsInEffect,
  fallbacksAt,
  graceEndOf,
  isClosed,
  licensesOf,
  nameOf,
  noCounts,
  projectOf,
  quotaOf,
  RESOURCES,
  restrictionOf,
  suspendedAt,
  type AssignmentRef,
  type Feature,
  type Project,
  type ProjectEventOf,
  type ProjectEventType,
  type ProjectState,
  type RestrictionView,
} from '@allotree/domain';
import type { ExpiryJob } from '../expiry-outbox.js';
import type { Moment } from './moments.js';

/**
 * The jobs to notify about a moment (E3): the groups whose terms ended or began again, if they want to be reminded; the main
 * group when a license did; and that a trial began. A closed project has none. `state` is the project as the moment left it.
 */
export function expiryJobsOf(moment: Moment, state: ProjectState): ExpiryJob[] {
  const project = projectOf(state);
  if (!project || isClosed(state)) return [];
  const occasion = { project, moment, state };
  return [...trialsStarted(occasion), ...endings(occasion), ...restorations(occasion)];
}

interface Occasion {
  readonly project: Project;
  readonly moment: Moment;
  readonly state: ProjectState;
}

const dataOf = <Type extends ProjectEventType>(
  { moment }: Occasion,
  ...types: Type[]
): ProjectEventOf<Type>['data'][] =>
  moment.events.flatMap((event) =>
    types.includes(event.type as Type) ? [event.data as ProjectEventOf<Type>['data']] : [],
  );

const isoOf = (instant: number): string => new Date(instant).toISOString();

const about = ({ project, moment, state }: Occasion, groupId: string) => ({
  tenantId: project.tenantId,
  projectId: project.projectId,
  projectName: project.name,
  timeZone: project.timeZone,
  groupId,
  groupName: nameOf(state, groupId),
  dueAt: isoOf(moment.at),
  date: dateAt(moment.at, project.timeZone),
  ...(moment.traceparent !== undefined && { traceparent: moment.traceparent }),
});

function trialsStarted(occasion: Occasion): ExpiryJob[] {
  return dataOf(occasion, 'LicenseGranted')
    .filter(({ type }) => type === 'trial')
    .map(({ licenseId, validUntil }) => {
      const { projectId } = occasion.project;
      const data: TrialStartedJob = {
        kind: 'trial_started',
        ...about(occasion, projectId),
        validUntil: validUntil === null ? null : isoOf(validUntil),
      };
      return { id: licenseExpiryJobId.trialStarted(projectId, licenseId), data };
    });
}

/** The end of a group's terms: the features that came with them, and the recipients. */
interface Ending {
  readonly features: Set<Feature>;
  readonly recipients: EndedJob['recipients'];
}

function endings(occasion: Occasion): ExpiryJob[] {
  const { moment, state } = occasion;
  const ended = endedGroups(occasion);
  const stopped = countsBelow(state, ended.keys(), assignmentsIn(occasion, 'AssignmentsSuspended'));
  const fallbacks = fallbacksAt(state, ended.keys(), moment.at);
  return [...ended].map(([groupId, { features, recipients }]) => {
    const on = new Set(quotaOf(state, groupId, moment.at)?.features.on);
    const data: EndedJob = {
      kind: 'ended',
      ...about(occasion, groupId),
      endedAt: isoOf(moment.at),
      stopped: stopped.get(groupId) ?? noCounts(),
      ...graceOfEnding(occasion, groupId),
      featuresOff: [...features].filter((feature) => !on.has(feature)),
      fallback: fallbacks.get(groupId) ?? null,
      recipients,
    };
    return { id: licenseExpiryJobId.ended(data), data };
  });
}

/** The days of grace that began at the moment in a group: until when they run, and what stops then if nothing changes. */
function graceOfEnding({ project, moment, state }: Occasion, groupId: string): Pick<EndedJob, 'grace'> {
  const restriction = restrictionOf(state, groupId, moment.at);
  const ends = (restriction?.allotments ?? []).filter(({ status }) => status === 'grace').map((one) => one.validUntil!);
  if (!restriction || ends.length === 0) return {};
  const until = graceEndOf(Math.max(...ends), restriction.gracePeriodDays, project.timeZone);
  const suspended = countsBelow(state, [groupId], suspendedAt(state, until)).get(groupId);
  return { grace: { until: isoOf(until), stopping: suspended ?? noCounts() } };
}

/**
 * Groups whose term ended, or its grace, or for which one above them did (E5), if they want to be reminded; and the
 * main group when a license ended.
 */
function endedGroups(occasion: Occasion): Map<string, Ending> {
  const { moment, state } = occasion;
  const ended = new Map<string, Ending>();
  const end: End = (groupId, features, recipients) => {
    const known = ended.get(groupId) ?? { features: new Set(), recipients };
    for (const feature of features) known.features.add(feature);
    ended.set(groupId, known);
  };
  const endedTerms = endOwn(occasion, end) + endLicenses(occasion, end);
  if (endedTerms === 0) return ended;
  const effective = new EndsInEffect(state, moment.at);
  for (const groupId of effective.remindedAt(moment.at)) {
    const reminder = ended.has(groupId) ? null : reminded(occasion, groupId)?.reminder;
    if (reminder) end(groupId, effective.featuresGoneAt(groupId, moment.at), reminder.recipients);
  }
  return ended;
}

type End = (groupId: string, features: readonly Feature[], recipients: EndedJob['recipients']) => void;

/** @returns how many groups had a term that ended, whether they want to be reminded or not */
function endOwn(occasion: Occasion, end: End): number {
  const refs = dataOf(occasion, 'AllotmentsEnded', 'GracePeriodsEnded').flatMap(({ allotments }) => allotments);
  const byGroup = allotmentIdsByGroup(refs);
  for (const [groupId, ids] of byGroup) {
    const restriction = reminded(occasion, groupId);
    if (!restriction?.reminder) continue;
    const gone = restriction.allotments.filter(({ allotmentId }) => ids.has(allotmentId));
    end(
      groupId,
      gone.flatMap(({ features }) => features),
      restriction.reminder.recipients,
    );
  }
  return byGroup.size;
}

/** @returns how many licenses ended */
function endLicenses(occasion: Occasion, end: End): number {
  const { project, moment, state } = occasion;
  // A postpaid project is billed by use: no license ends for it.
  if (project.billingMode === 'postpaid') return 0;
  const expired = new Set(dataOf(occasion, 'LicenseExpired').map(({ licenseId }) => licenseId));
  for (const { licenseId, features } of licensesOf(state, moment.at))
    if (licenseId !== null && expired.has(licenseId)) end(project.projectId, features, recipientsOfProject(occasion));
  return expired.size;
}

/** The restriction of a group that wants to be reminded. */
function reminded({ moment, state }: Occasion, groupId: string): RestrictionView | null {
  const restriction = restrictionOf(state, groupId, moment.at);
  return restriction?.enabled && restriction.reminder !== null ? restriction : null;
}

const recipientsOfProject = ({ project, moment, state }: Occasion): EndedJob['recipients'] =>
  restrictionOf(state, project.projectId, moment.at)?.reminder?.recipients ?? 'administrators';

const assignmentsIn = (occasion: Occasion, type: 'AssignmentsSuspended' | 'AssignmentsReinstated'): AssignmentRef[] =>
  dataOf(occasion, type).flatMap(({ assignments }) => assignments);

interface Restoration {
  readonly validUntil: number | null;
  readonly recipients: RestoredJob['recipients'];
}

function restorations(occasion: Occasion): ExpiryJob[] {
  const { moment, state } = occasion;
  const reinstated = assignmentsIn(occasion, 'AssignmentsReinstated');
  if (reinstated.length === 0) return [];
  const causes = restoredGroups(occasion);
  const restored = countsBelow(state, causes.keys(), reinstated);
  return [...causes].flatMap(([groupId, { validUntil, recipients }]) => {
    const counts = restored.get(groupId) ?? noCounts();
    if (RESOURCES.every((resource) => counts[resource] === 0)) return [];
    const data: RestoredJob = {
      kind: 'restored',
      ...about(occasion, groupId),
      restoredAt: isoOf(moment.at),
      restored: counts,
      validUntil: validUntil === null ? null : isoOf(validUntil),
      recipients,
    };
    return [{ id: licenseExpiryJobId.restored(data), data }];
  });
}

/** The groups whose own change brought something back, and the main group when a license did. Releases do not count. */
function restoredGroups(occasion: Occasion): Map<string, Restoration> {
  const { project, moment, state } = occasion;
  const groups = new Map<string, Restoration>();
  const changed = [
    ...dataOf(occasion, 'RestrictionChanged').map(({ groupId }) => groupId),
    ...dataOf(occasion, 'AllotmentsTransferred').map(({ toGroupId }) => toGroupId),
    ...dataOf(occasion, 'AllotmentsStarted').flatMap(({ allotments }) => allotments.map(({ groupId }) => groupId)),
  ];
  for (const groupId of new Set(changed)) {
    const restriction = reminded(occasion, groupId);
    if (!restriction?.reminder) continue;
    const ends = restriction.allotments.filter(({ status }) => status === 'active').map((one) => one.validUntil);
    groups.set(groupId, { validUntil: latest(ends), recipients: restriction.reminder.recipients });
  }
  const licenses = dataOf(occasion, 'LicenseExtended', 'LicenseGranted', 'LicenseStarted', 'LicenseReinstated');
  const ids = new Set(licenses.map(({ licenseId }) => licenseId));
  const ends = licensesOf(state, moment.at).flatMap((one) =>
    one.licenseId !== null && ids.has(one.licenseId) ? [one.validUntil] : [],
  );
  if (ends.length > 0)
    groups.set(project.projectId, { validUntil: latest(ends), recipients: recipientsOfProject(occasion) });
  return groups;
}

/** `null`: no end. */
const latest = (ends: readonly (number | null)[]): number | null =>
  ends.reduce<number | null>((last, end) => (last === null || end === null ? null : Math.max(last, end)), 0);
