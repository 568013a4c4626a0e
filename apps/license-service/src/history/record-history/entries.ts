import type { AllotmentRef, AssignmentRef, MadeAssignment, ProjectEvent } from '@allotree/domain';
import { publicJson, publicObject } from '../../public-json.js';

export type Json = Readonly<Record<string, unknown>>;

/** What an event says in the history of one group, or of the project (`groupId: null`). */
export interface Entry {
  readonly groupId: string | null;
  /** The object that `before` and `after` describe; `null` where the event contains both. */
  readonly subject: string | null;
  /** The state after it, from the one before; `null`: it is not there. */
  readonly after: (before: Json | null) => Json | null;
  /** Where there is no subject. */
  readonly before?: Json;
  readonly details: Json;
}

const becomes =
  (change: Json) =>
  (before: Json | null): Json => ({ ...before, ...change });
const goes = (): null => null;

/** The entries of an event. */

export function entriesOf(event: ProjectEvent): readonly Entry[] {
  const { type, data } = event;
  switch (type) {
    case 'ClockCorrected':
      return [{ groupId: null, subject: null, after: () => null, details: publicObject(data) }];
    case 'ProjectOpened':
      return [about(null, 'project', becomes(data))];
    case 'LicensingClosed':
      return [about(null, 'project', becomes({ status: 'closed', closedReason: data.reason }))];
    case 'GroupsPlaced':
      return data.groups.map(({ groupId, ...group }) => about(groupId, `group:${groupId}`, becomes(group)));
    case 'GroupChanged':
      return [about(data.groupId, `group:${data.groupId}`, becomes({ type: data.type, name: data.name }))];
    case 'GroupRelocated':
      return [about(data.groupId, `group:${data.groupId}`, becomes({ parentId: data.parentId }))];
    case 'GroupRemoved':
      return [about(data.groupId, `group:${data.groupId}`, goes)];
    case 'BasicLicenseStarted':
      return [about(data.groupId, `device:${data.serialNumber}`, becomes(data))];
    case 'BasicLicenseEnded':
      return [about(null, `device:${data.serialNumber}`, goes)];
    case 'LicenseGranted':
      return [ofLicense(data.licenseId, publicObject(data))];
    case 'LicenseExtended':
      return [ofLicense(data.licenseId, publicObject({ validUntil: data.validUntil }))];
    case 'LicenseSuspended':
      return [ofLicense(data.licenseId, { suspendedReason: data.reason })];
    case 'LicenseReinstated':
      return [ofLicense(data.licenseId, { suspendedReason: null })];
    case 'LicenseRevoked':
      return [ofLicense(data.licenseId, { revokedReason: data.reason, externalId: null })];
    case 'LicenseExternalIdChanged':
      return [ofLicense(data.licenseId, { externalId: data.externalId })];
    case 'BillingTermsSet':
      return [about(null, 'billing-terms', () => publicObject(data))];
    case 'UsagePeriodClosed':
      return [{ groupId: null, subject: null, after: () => publicObject(data), details: {} }];
    case 'LicenseStarted':
      return [ofLicense(data.licenseId, { status: 'active' })];
    case 'LicenseExpired':
      return [ofLicense(data.licenseId, { status: 'expired' })];
    default:
      return entriesBelow(event);
  }
}

/** Of events about what was allotted and is in use. */

function entriesBelow({ type, data }: ProjectEvent): readonly Entry[] {
  switch (type) {
    case 'RestrictionChanged': {
      const { groupId, ...settings } = data;
      return [ofRestriction(groupId, publicObject(settings))];
    }
    case 'AllotmentsClamped': {
      const { groupId, allotments, causedByGroupId } = data;
      return [ofRestriction(groupId, { allotments: publicJson(allotments) }, { causedByGroupId })];
    }
    case 'AllotmentsTransferred': {
      const { fromGroupId, toGroupId, fromAllotments, toAllotments, ...details } = data;
      const transfer = { fromGroupId, toGroupId, ...details };
      return [
        ofRestriction(fromGroupId, { allotments: publicJson(fromAllotments) }, transfer),
        ofRestriction(toGroupId, { allotments: publicJson(toAllotments) }, transfer),
      ];
    }
    case 'AssignmentMade': {
      const { groupId, ...assignment } = data;
      const after = { ...assignment, status: 'in_force' };
      return [{ groupId, subject: null, after: () => after, details: {} }];
    }
    case 'AssignmentExternalIdChanged': {
      const { groupId, externalId, previousExternalId, ...details } = data;
      const before = previousExternalId === undefined ? {} : { before: { externalId: previousExternalId } };
      return [{ groupId, subject: null, ...before, after: () => ({ externalId }), details }];
    }
    case 'AssignmentsMade':
      return perGroup(data.assignments, null, 'in_force');
    case 'MemberLimitsSet': {
      const { groupId, userId, ...limits } = data;
      return [about(groupId, `member:${groupId}:${userId}`, becomes(limits), { userId })];
    }
    case 'AssignmentsReleased':
      return perGroup(data.assignments, 'in_use', 'released', { reason: data.reason });
    case 'AssignmentsSuspended':
      return perGroup(data.assignments, 'in_force', 'suspended');
    case 'AssignmentsReinstated':
      return perGroup(data.assignments, 'suspended', 'in_force');
    case 'AllotmentsStarted':
      return perGroup(data.allotments, 'scheduled', 'active');
    case 'AllotmentsEnded':
      return perGroup(data.allotments, 'active', 'ended');
    case 'GracePeriodsEnded':
      return perGroup(data.allotments, 'grace', 'expired');
    default:
      return [];
  }
}

const about = (groupId: string | null, subject: string, after: Entry['after'], details: Json = {}): Entry => ({
  groupId,
  subject,
  after,
  details,
});

const ofLicense = (licenseId: string, change: Json): Entry =>
  about(null, `license:${licenseId}`, becomes(change), { licenseId });

const ofRestriction = (groupId: string, change: Json, details: Json = {}): Entry =>
  about(groupId, `restriction:${groupId}`, becomes(change), details);

type Ref = AssignmentRef | MadeAssignment | AllotmentRef;

/** One entry for each group, with what of it changed; `before: null`: it was not there. */
function perGroup(refs: readonly Ref[], before: string | null, after: string, details: Json = {}): Entry[] {
  const byGroup = new Map<string, Omit<Ref, 'groupId'>[]>();
  for (const { groupId, ...ref } of refs) {
    const changed = byGroup.get(groupId);
    if (changed) changed.push(ref);
    else byGroup.set(groupId, [ref]);
  }
  return [...byGroup].map(([groupId, changed]) => ({
    groupId,
    subject: null,
    ...(before !== null && { before: { status: before } }),
    after: () => ({ status: after }),
    details: { ...details, changed },
  }));
}
