import type { Instant } from '../../decision.js';
import { NO_FEATURES, featureSet } from '../../feature-set.js';
import { NO_UNITS, UNLIMITED, noCounts, sameUnits, type Counts } from '../../limits.js';
import type { Resource } from '../../words.js';
import { putBillingTerms, putClosedPeriod } from './billing.js';
import { refreshCapacity } from './capacity.js';
import type {
  Allotment,
  AllotmentRef,
  AssignmentRef,
  MadeAssignment,
  Place,
  ProjectEvent,
  ProjectEventOf,
  ProjectEventType,
} from './events.js';
import { dueInstantsOf, graceOf, licensePhaseAt, NO_GRACE, phaseAt, refreshRestriction, type Grace } from './phases.js';
import type { AllotmentState, Assignment, LicenseState, MemberLimits, Restriction } from './facts.js';
import { runMeter } from './meter.js';
import { parentOf, restrictionAt, type ProjectState } from './state.js';
import { identifyAssignment, identifyLicense } from './external-ids.js';
import { addTo, takeFrom } from './table.js';
import { addChild } from './tree.js';
import { contribute, contributionOf } from './usage.js';

type Evolve<Type extends ProjectEventType> = (
  state: ProjectState,
  data: ProjectEventOf<Type>['data'],
  at: Instant,
) => void;

/**
 * Folds one event into the state, in place. It checks no rule, because an event has already happened.
 * Costs the depth of the groups it names.
 */
export function evolve(state: ProjectState, event: ProjectEvent): ProjectState {
  const { totals } = state;
  runMeter(state, event.at);
  totals.now = Math.max(totals.now, event.at);
  state.schedule.dropUpTo(totals.now);
  (evolvers[event.type] as Evolve<ProjectEventType>)(state, event.data, event.at);
  return state;
}

const evolvers: { readonly [Type in ProjectEventType]: Evolve<Type> } = {
  ProjectOpened: (state, data) => {
    state.totals.project = { ...data };
    state.groups.put(data.projectId, {
      groupId: data.projectId,
      parentId: null,
      type: 'company',
      name: data.name,
      children: null,
    });
    refreshCapacity(state);
  },

  GroupsPlaced: (state, { groups }) => {
    for (const { groupId, parentId, type, name } of groups) {
      state.groups.put(groupId, { groupId, parentId, type, name, children: null });
      if (parentId !== null) addChild(state, parentId, groupId);
    }
  },

  GroupChanged: (state, { groupId, type, name }) => {
    const group = state.groups.edit(groupId);
    if (group) Object.assign(group, { type, name });
  },

  GroupRelocated: (state, { groupId, parentId }) => {
    const group = state.groups.edit(groupId);
    if (!group) return;
    detach(state, groupId);
    state.groups.put(groupId, { ...group, parentId });
    addChild(state, parentId, groupId);
    contribute(state, parentId, contributionOf(state, groupId), 1);
  },

  GroupRemoved: (state, { groupId }) => {
    detach(state, groupId);
    forget(state, groupId);
  },

  LicensingClosed: (state, { reason }) => {
    state.totals.closedReason = reason;
  },

  BasicLicenseStarted: (state, { serialNumber, groupId }) => {
    if (!state.devices.has(serialNumber)) state.totals.devices += 1;
    state.devices.put(serialNumber, { groupId });
    refreshCapacity(state);
  },

  BasicLicenseEnded: (state, { serialNumber }) => {
    if (state.devices.has(serialNumber)) state.totals.devices -= 1;
    state.devices.remove(serialNumber);
    refreshCapacity(state);
  },

  LicenseGranted: (state, license, at) => {
    const externalId = license.externalId ?? null;
    const granted: LicenseState = {
      ...license,
      externalId,
      phase: licensePhaseAt(license, at),
      suspendedReason: null,
      suspendedFrom: null,
      revokedReason: null,
    };
    state.licenses.put(license.licenseId, granted);
    if (externalId !== null) state.externalIds.license.put(externalId, license.licenseId);
    if (license.type === 'trial') state.totals.trialLicenseId ??= license.licenseId;
    scheduleLicense(state, granted, at);
    refreshCapacity(state);
  },

  LicenseExtended: (state, { licenseId, validUntil }, at) => {
    editLicense(state, licenseId, (license) => {
      const extended = { ...license, validUntil };
      return { ...extended, phase: licensePhaseAt(extended, at) };
    });
    const license = state.licenses.get(licenseId);
    if (license) scheduleLicense(state, license, at);
  },

  LicenseSuspended: (state, { licenseId, reason, place }) => {
    editLicense(state, licenseId, (license) => ({ ...license, suspendedReason: reason, suspendedFrom: place }));
  },
  LicenseReinstated: (state, { licenseId }) => {
    editLicense(state, licenseId, (license) => ({ ...license, suspendedReason: null, suspendedFrom: null }));
  },
  LicenseRevoked: (state, { licenseId, reason }) => {
    identifyLicense(state, licenseId, null);
    editLicense(state, licenseId, (license) => ({ ...license, revokedReason: reason }));
  },
  LicenseExternalIdChanged: (state, { licenseId, externalId }) => identifyLicense(state, licenseId, externalId),
  LicenseStarted: (state, { licenseId }) => {
    editLicense(state, licenseId, (license) => ({ ...license, phase: 'active' }));
  },
  LicenseExpired: (state, { licenseId }) => {
    editLicense(state, licenseId, (license) => ({ ...license, phase: 'ended' }));
  },

  RestrictionChanged: (state, { groupId, allotments, ...settings }, at) => {
    const { enabled, poolMode, gracePeriodDays, reminder, place } = settings;
    const before = state.restrictions.get(groupId);
    replaceRestriction(state, groupId, {
      enabled,
      poolMode,
      gracePeriodDays,
      reminder,
      place,
      allotments: allotmentStates(state, { allotments, before, grace: graceOf(state, settings), at }),
      own: NO_UNITS,
      keeping: NO_UNITS,
      features: NO_FEATURES,
    });
    scheduleAllotments(state, groupId, at);
  },

  AllotmentsClamped: (state, { groupId, allotments }, at) => replaceAllotments(state, groupId, allotments, at),

  AllotmentsTransferred: (state, data, at) => {
    replaceAllotments(state, data.fromGroupId, data.fromAllotments, at);
    replaceAllotments(state, data.toGroupId, data.toAllotments, at);
    setFrom(state, data.fromGroupId, data.fromPlace);
    setFrom(state, data.toGroupId, data.toPlace);
  },

  AssignmentMade: (state, data, at) => {
    make(state, data, at);
    contribute(state, data.groupId, { inForce: one(data.resource) }, 1);
  },

  AssignmentsMade: (state, { assignments }, at) => {
    const made = new Map<string, Counts>();
    for (const assignment of assignments) {
      make(state, assignment, at);
      const counts = made.get(assignment.groupId) ?? noCounts();
      counts[assignment.resource] += 1;
      made.set(assignment.groupId, counts);
    }
    for (const [groupId, inForce] of made) contribute(state, groupId, { inForce }, 1);
  },

  AssignmentExternalIdChanged: (state, { assignmentId, externalId }) =>
    identifyAssignment(state, assignmentId, externalId),

  AssignmentsReleased: (state, { assignments }) => {
    for (const { assignmentId } of assignments) releaseAssignment(state, assignmentId);
  },

  MemberLimitsSet: (state, { groupId, userId, limits, featuresOff, place }) => {
    putMemberLimits(state, groupId, userId, { limits, featuresOff: featureSet(featuresOff), place });
  },

  BillingTermsSet: putBillingTerms,
  UsagePeriodClosed: putClosedPeriod,

  ClockCorrected: (state, { meter }, at) => {
    state.totals.now = at;
    if (meter && state.totals.meter) state.totals.meter = meter;
  },

  AllotmentsStarted: (state, { allotments }) => setPhases(state, allotments, 'active'),
  AllotmentsEnded: (state, { allotments }, at) => {
    setPhases(state, allotments, (restriction, allotment) => phaseAt(allotment, graceOf(state, restriction), at));
  },
  GracePeriodsEnded: (state, { allotments }) => setPhases(state, allotments, 'ended'),

  AssignmentsSuspended: (state, { assignments }) => setInForce(state, assignments, false),
  AssignmentsReinstated: (state, { assignments }) => setInForce(state, assignments, true),
};

/** Limits that narrow nothing are removed. */
export function putMemberLimits(state: ProjectState, groupId: string, userId: string, narrowing: MemberLimits): void {
  const atGroup = new Map(state.memberLimits.get(groupId));
  if (sameUnits(narrowing.limits, UNLIMITED) && narrowing.featuresOff === NO_FEATURES) atGroup.delete(userId);
  else atGroup.set(userId, narrowing);
  if (atGroup.size > 0) state.memberLimits.put(groupId, atGroup);
  else state.memberLimits.remove(groupId);
}

/** Removes a group with everything below it from its parent. */
function detach(state: ProjectState, groupId: string): void {
  const parentId = parentOf(state, groupId);
  if (parentId === null) return;
  contribute(state, parentId, contributionOf(state, groupId), -1);
  state.groups.edit(parentId)?.children?.delete(groupId);
}

function forget(state: ProjectState, groupId: string): void {
  for (const child of state.groups.get(groupId)?.children ?? []) forget(state, child);
  state.groups.remove(groupId);
  state.usage.remove(groupId);
  state.restrictions.remove(groupId);
  state.memberLimits.remove(groupId);
}

function editLicense(state: ProjectState, licenseId: string, change: (license: LicenseState) => LicenseState): void {
  const license = state.licenses.get(licenseId);
  if (license) state.licenses.put(licenseId, change(license));
  refreshCapacity(state);
}

/** Schedules what becomes due of a license after an instant. */
export function scheduleLicense(state: ProjectState, license: LicenseState, after: Instant): void {
  const { licenseId } = license;
  for (const { at } of dueInstantsOf(license, NO_GRACE)) if (at > after) state.schedule.add(at, { licenseId });
}

const sequenceOf = (state: ProjectState, before: Restriction | undefined, allotment: Allotment): number =>
  before?.allotments.find((known) => known.allotmentId === allotment.allotmentId)?.sequence ?? ++state.totals.sequence;

interface NewAllotments {
  readonly allotments: readonly Allotment[];
  readonly before: Restriction | undefined;
  readonly grace: Grace;
  readonly at: Instant;
}

/** Written field by field: V8 keeps fields that are added to a spread object apart from it, which costs a cold read each. */
const allotmentStates = (state: ProjectState, { allotments, before, grace, at }: NewAllotments): AllotmentState[] =>
  allotments.map((allotment) => {
    const { allotmentId, type, units, features, validFrom, validUntil } = allotment;
    const sequence = sequenceOf(state, before, allotment);
    return {
      allotmentId,
      type,
      units,
      features,
      validFrom,
      validUntil,
      sequence,
      phase: phaseAt(allotment, grace, at),
    };
  });

function replaceAllotments(state: ProjectState, groupId: string, allotments: readonly Allotment[], at: Instant): void {
  const before = state.restrictions.get(groupId);
  if (!before) return;
  const kept = allotmentStates(state, { allotments, before, grace: graceOf(state, before), at });
  replaceRestriction(state, groupId, { ...before, allotments: kept });
  scheduleAllotments(state, groupId, at);
}

/** The only way to change a restriction: the groups above lose the contribution of the old one and gain that of the new one. */
function replaceRestriction(state: ProjectState, groupId: string, restriction: Restriction): void {
  refreshRestriction(restriction);
  const parentId = parentOf(state, groupId);
  const shares = (): ReturnType<typeof restrictionShare> => restrictionShare(state, groupId);
  contribute(state, parentId, shares(), -1);
  state.restrictions.put(groupId, restriction);
  contribute(state, parentId, shares(), 1);
}

/** The part of a group's contribution that depends on its restriction. */
const restrictionShare = (state: ProjectState, groupId: string) => {
  const { restrictedGroups, allotted, inRestricted } = contributionOf(state, groupId);
  return { restrictedGroups, allotted, inRestricted };
};

/** A transfer that was recorded without a place keeps the places. */
function setFrom(state: ProjectState, groupId: string, place: Place | null): void {
  const restriction = state.restrictions.edit(groupId);
  if (restriction && place) restriction.place = place;
}

/** Schedules what becomes due of the allotments of a group after an instant. A disabled restriction has nothing due. */
export function scheduleAllotments(state: ProjectState, groupId: string, after: Instant): void {
  const restriction = restrictionAt(state, groupId);
  if (!restriction) return;
  const grace = graceOf(state, restriction);
  for (const allotment of restriction.allotments)
    for (const { at } of dueInstantsOf(allotment, grace)) if (at > after) state.schedule.add(at, { groupId });
}

function setPhases(
  state: ProjectState,
  refs: readonly AllotmentRef[],
  phase:
    | 'active'
    | 'ended'
    | ((restriction: Restriction, allotment: Allotment) => Restriction['allotments'][number]['phase']),
): void {
  for (const [groupId, ids] of allotmentIdsByGroup(refs)) {
    const restriction = state.restrictions.get(groupId);
    if (!restriction) continue;
    const allotments = restriction.allotments.map((allotment) =>
      ids.has(allotment.allotmentId)
        ? { ...allotment, phase: typeof phase === 'function' ? phase(restriction, allotment) : phase }
        : allotment,
    );
    replaceRestriction(state, groupId, { ...restriction, allotments });
  }
}

/** The allotments of a list, group by group. */
export function allotmentIdsByGroup(refs: readonly AllotmentRef[]): Map<string, Set<string>> {
  const groups = new Map<string, Set<string>>();
  for (const { groupId, allotmentId } of refs) {
    const ids = groups.get(groupId);
    if (ids) ids.add(allotmentId);
    else groups.set(groupId, new Set([allotmentId]));
  }
  return groups;
}

/** A new assignment is in force; its use is counted by the caller. */
function make(state: ProjectState, made: MadeAssignment, assignedAt: Instant): void {
  const { assignmentId, groupId, resource, label, holder, sipAssignmentId, externalId = null } = made;
  const sequence = ++state.totals.sequence;
  addAssignment(state, {
    assignmentId,
    groupId,
    resource,
    label,
    holder,
    sipAssignmentId,
    externalId,
    sequence,
    assignedAt,
    inForce: true,
    pairedWith: null,
  });
}

/** Adds an assignment and its pairing, without its use. */
export function addAssignment(state: ProjectState, assignment: Assignment): void {
  state.assignments.put(assignment.assignmentId, assignment);
  addTo(state.atGroup, assignment.groupId, assignment.assignmentId);
  if (assignment.externalId !== null) state.externalIds.assignment.put(assignment.externalId, assignment.assignmentId);
  if (assignment.holder !== null) addTo(state.heldBy, assignment.holder, assignment.assignmentId);
  if (assignment.sipAssignmentId !== null) pair(state, assignment.sipAssignmentId, assignment.assignmentId);
}

function releaseAssignment(state: ProjectState, assignmentId: string): void {
  const assignment = state.assignments.get(assignmentId);
  if (!assignment) return;
  const { groupId, resource, holder, sipAssignmentId, externalId, inForce } = assignment;
  contribute(state, groupId, inForce ? { inForce: one(resource) } : { suspended: one(resource) }, -1);
  state.assignments.remove(assignmentId);
  takeFrom(state.atGroup, groupId, assignmentId);
  if (externalId !== null) state.externalIds.assignment.remove(externalId);
  if (holder !== null) takeFrom(state.heldBy, holder, assignmentId);
  if (sipAssignmentId !== null) pair(state, sipAssignmentId, null);
}

function pair(state: ProjectState, sipAssignmentId: string, appId: string | null): void {
  const number = state.assignments.edit(sipAssignmentId);
  if (number) number.pairedWith = appId;
}

function setInForce(state: ProjectState, refs: readonly AssignmentRef[], inForce: boolean): void {
  for (const { assignmentId, groupId, resource } of refs) {
    const assignment = state.assignments.edit(assignmentId);
    if (!assignment || assignment.inForce === inForce) continue;
    assignment.inForce = inForce;
    contribute(
      state,
      groupId,
      { inForce: one(resource, inForce ? 1 : -1), suspended: one(resource, inForce ? -1 : 1) },
      1,
    );
  }
}

const one = (resource: Resource, count = 1): Counts => ({ ...noCounts(), [resource]: count });
