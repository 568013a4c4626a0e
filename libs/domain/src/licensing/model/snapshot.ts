import type { Instant } from '../../decision.js';
import { featureList, featureSet, type FeatureSet } from '../../feature-set.js';
import { NO_UNITS, eachResource, eachUnit } from '../../limits.js';
import {
  FEATURES,
  GROUP_TYPES,
  LICENSE_TYPES,
  RESOURCES,
  type Feature,
  type GroupType,
  type LicenseType,
  type Limit,
  type PoolMode,
  type Reminder,
  type Resource,
  type Units,
} from '../../words.js';
import { refreshCapacity } from './capacity.js';
import type { Place, ResourceMeter } from './events.js';
import { addAssignment, putMemberLimits, scheduleAllotments, scheduleLicense } from './evolve.js';
import { refreshRestriction } from './phases.js';
import type {
  AllotmentState,
  Assignment,
  Billing,
  LicenseState,
  MemberLimits,
  Phase,
  Project,
  Restriction,
  Usage,
} from './facts.js';
import { initialState, restrictionAt, type ProjectState } from './state.js';
import { addChild } from './tree.js';
import { editUsage, usageOf } from './usage.js';

/**
 * A project's state as rows of arrays: groups by their place in the list, words by their place in the lists of the snapshot
 * itself, so that it stays readable when a word is added or moved. Derived facts (use, allotted units, capacity, schedule)
 * are left out and computed again.
 */
interface ProjectSnapshot {
  readonly words: SnapshotWords;
  readonly project: Project | null;
  /** Absent: the project is open. */
  readonly closedReason?: string;
  readonly now: Instant;
  readonly sequence: number;
  readonly trialLicenseId: string | null;
  /** Parents before their children: id, parent's place, type, name. */
  readonly groups: readonly (readonly [string, number, number, string])[];
  readonly restrictions: readonly RestrictionRow[];
  readonly licenses: readonly LicenseState[];
  readonly devices: readonly (readonly [string, number])[];
  readonly assignments: readonly AssignmentRow[];
  readonly memberLimits: readonly MemberLimitsRow[];
  /** Absent: no terms have been set. */
  readonly billing?: BillingSnapshot;
}

interface BillingSnapshot extends Billing {
  readonly meter: { readonly at: Instant; readonly of: readonly MeterRow[] } | null;
  readonly closedUntil: Instant;
}

/** Open, peak and its instant; integrals of units, capacity, unlimited time and overage. */
type MeterRow = readonly [number | null, number, Instant, string, string, string, string];

/** The words of the snapshot in their order. A set of features has a bit for each, the first one lowest. */
interface SnapshotWords {
  readonly groupTypes: readonly GroupType[];
  readonly licenseTypes: readonly LicenseType[];
  readonly resources: readonly Resource[];
  readonly features: readonly Feature[];
}

/** By resource. */
type UnitsRow = readonly Limit[];
/** Id, type, units, features, from, until, sequence, phase. */
type AllotmentRow = readonly [string, number, UnitsRow, number, Instant, Instant | null, number, Phase];
/** Group, enabled, pool mode, days of grace, reminder, allotments, place. */
type RestrictionRow = readonly [
  number,
  boolean,
  PoolMode,
  number,
  Reminder | null,
  readonly AllotmentRow[],
  Place | null,
];
/** Id, group, resource, label, holder, number, since, sequence, in force, external id. */
type AssignmentRow = readonly [
  string,
  number,
  number,
  string | null,
  string | null,
  string | null,
  Instant,
  number,
  boolean,
  string | null,
];

/** Group, user, limits, features off, place. */
type MemberLimitsRow = readonly [number, string, UnitsRow, number, Place | null];

export const PROJECT_SNAPSHOT_VERSION = 6;

const WORDS: SnapshotWords = {
  groupTypes: GROUP_TYPES,
  licenseTypes: LICENSE_TYPES,
  resources: RESOURCES,
  features: FEATURES,
};

export function encodeSnapshot(state: ProjectState): ProjectSnapshot {
  const { project, closedReason, now, sequence, trialLicenseId } = state.totals;
  const order = project ? subtree(state, project.projectId) : [];
  const place = new Map(order.map((id, index) => [id, index]));
  return {
    words: WORDS,
    project,
    ...(closedReason === null ? {} : { closedReason }),
    ...billingSnapshot(state),
    now,
    sequence,
    trialLicenseId,
    groups: order.map((id) => {
      const { parentId, type, name } = state.groups.get(id)!;
      return [id, parentId === null ? -1 : place.get(parentId)!, GROUP_TYPES.indexOf(type), name];
    }),
    memberLimits: order.flatMap((id) => memberLimitsRows(place.get(id)!, state.memberLimits.get(id))),
    restrictions: order.flatMap((id) => restrictionRows(place.get(id)!, state.restrictions.get(id))),
    licenses: [...state.licenses.entries()].map(([, license]) => license),
    devices: [...state.devices.entries()].map(([serialNumber, { groupId }]) => [
      serialNumber,
      place.get(groupId) ?? -1,
    ]),
    assignments: [...state.assignments.entries()].map(([, a]) => [
      a.assignmentId,
      place.get(a.groupId)!,
      RESOURCES.indexOf(a.resource),
      a.label,
      a.holder,
      a.sipAssignmentId,
      a.assignedAt,
      a.sequence,
      a.inForce,
      a.externalId,
    ]),
  };
}

export function decodeSnapshot(json: unknown): ProjectState {
  const snapshot = json as ProjectSnapshot;
  const state = initialState();
  const { words, project, closedReason = null, now, sequence, trialLicenseId } = snapshot;
  Object.assign(state.totals, { project, closedReason, now, sequence, trialLicenseId });
  const ids = snapshot.groups.map(([id]) => id);
  readGroups(state, snapshot, ids);
  for (const row of snapshot.restrictions) state.restrictions.put(ids[row[0]]!, readRestriction(words, row));
  for (const license of snapshot.licenses) {
    state.licenses.put(license.licenseId, license);
    if (license.externalId !== null) state.externalIds.license.put(license.externalId, license.licenseId);
  }
  for (const [serialNumber, group] of snapshot.devices) state.devices.put(serialNumber, { groupId: ids[group] ?? '' });
  state.totals.devices = snapshot.devices.length;
  for (const row of snapshot.assignments) readAssignment(state, snapshot, { ids, row });
  for (const [group, userId, limits, featuresOff, place] of snapshot.memberLimits) {
    const own = { limits: readUnits(words, limits), featuresOff: readFeatures(words, featuresOff), place };
    putMemberLimits(state, ids[group]!, userId, own);
  }
  readBilling(state, snapshot);
  workOutUsage(state, snapshot, ids);
  refreshCapacity(state);
  reschedule(state, snapshot);
  return state;
}

function subtree(state: ProjectState, rootId: string): string[] {
  const order = [rootId];
  for (const id of order) order.push(...(state.groups.get(id)?.children ?? []));
  return order;
}

function restrictionRows(group: number, restriction: Restriction | undefined): RestrictionRow[] {
  if (!restriction) return [];
  const { enabled, poolMode, gracePeriodDays, reminder, allotments, place } = restriction;
  const rows = allotments.map((a): AllotmentRow => [
    a.allotmentId,
    LICENSE_TYPES.indexOf(a.type),
    unitsRow(a.units),
    featureSet(a.features),
    a.validFrom,
    a.validUntil,
    a.sequence,
    a.phase,
  ]);
  return [[group, enabled, poolMode, gracePeriodDays, reminder, rows, place]];
}

const unitsRow = (units: Units): UnitsRow => WORDS.resources.map((resource) => units[resource]);

const memberLimitsRows = (
  group: number,
  limits: ReadonlyMap<string, MemberLimits> | undefined,
): readonly MemberLimitsRow[] =>
  [...(limits ?? [])].map(([userId, own]) => [group, userId, unitsRow(own.limits), own.featuresOff, own.place]);

function readGroups(state: ProjectState, snapshot: ProjectSnapshot, ids: readonly string[]): void {
  for (const [groupId, parent, type, name] of snapshot.groups) {
    const parentId = parent < 0 ? null : ids[parent]!;
    state.groups.put(groupId, { groupId, parentId, type: snapshot.words.groupTypes[type]!, name, children: null });
    if (parentId !== null) addChild(state, parentId, groupId);
  }
}

function billingSnapshot({ totals }: ProjectState): Pick<ProjectSnapshot, 'billing'> {
  const { billing, meter, closedUntil } = totals;
  if (!billing) return {};
  const rows = meter && { at: meter.at, of: WORDS.resources.map((resource) => meterRow(meter.of[resource])) };
  return { billing: { ...billing, meter: rows, closedUntil } };
}

const meterRow = ({ open, peak, peakAt, ...integrals }: ResourceMeter): MeterRow => {
  const { unitMs, entitledMs, unlimitedMs, overageMs } = integrals;
  return [open, peak, peakAt, String(unitMs), String(entitledMs), String(unlimitedMs), String(overageMs)];
};

function readBilling(state: ProjectState, { words, billing: read }: ProjectSnapshot): void {
  if (!read) return;
  const { meter, closedUntil, ...billing } = read;
  const of = meter && eachResource((resource) => readMeter(meter.of[words.resources.indexOf(resource)], meter.at));
  Object.assign(state.totals, { billing, closedUntil, meter: meter && { at: meter.at, of } });
}

/** A resource that the snapshot does not know has had no use. */
function readMeter(row: MeterRow | undefined, at: Instant): ResourceMeter {
  const [open, peak, peakAt, unitMs, entitledMs, unlimitedMs, overageMs] = row ?? [0, 0, at, '0', '0', '0', '0'];
  return {
    open,
    peak,
    peakAt,
    unitMs: BigInt(unitMs),
    entitledMs: BigInt(entitledMs),
    unlimitedMs: BigInt(unlimitedMs),
    overageMs: BigInt(overageMs),
  };
}

const readUnits = ({ resources }: SnapshotWords, row: UnitsRow): Units =>
  eachUnit((resource) => {
    const limit = row[resources.indexOf(resource)];
    return limit === undefined ? 0 : limit;
  });

const readFeatures = ({ features }: SnapshotWords, bits: number): FeatureSet =>
  featureSet(features.filter((_, index) => (bits & (1 << index)) !== 0));

function readRestriction(
  words: SnapshotWords,
  [, enabled, poolMode, gracePeriodDays, reminder, rows, place]: RestrictionRow,
): Restriction {
  const allotments = rows.map(
    ([allotmentId, type, units, features, validFrom, validUntil, sequence, phase]): AllotmentState => ({
      allotmentId,
      type: words.licenseTypes[type]!,
      units: readUnits(words, units),
      features: featureList(readFeatures(words, features)),
      validFrom,
      validUntil,
      sequence,
      phase,
    }),
  );
  const restriction: Restriction = {
    enabled,
    poolMode,
    gracePeriodDays,
    reminder,
    allotments,
    place,
    own: NO_UNITS,
    keeping: NO_UNITS,
    features: 0,
  };
  refreshRestriction(restriction);
  return restriction;
}

function readAssignment(
  state: ProjectState,
  { words }: ProjectSnapshot,
  { ids, row }: { readonly ids: readonly string[]; readonly row: AssignmentRow },
): void {
  const [assignmentId, group, resource, label, holder, sipAssignmentId, ...rest] = row;
  const [assignedAt, sequence, inForce, externalId] = rest;
  const groupId = ids[group]!;
  const read: Assignment = {
    assignmentId,
    groupId,
    resource: words.resources[resource]!,
    label,
    holder,
    sipAssignmentId,
    externalId,
    sequence,
    assignedAt,
    inForce,
    pairedWith: null,
  };
  addAssignment(state, read);
  const usage = editUsage(state, groupId);
  (inForce ? usage.inForce : usage.suspended)[read.resource] += 1;
}

/** From the leaves up: the list has parents before their children. */
function workOutUsage(state: ProjectState, snapshot: ProjectSnapshot, ids: readonly string[]): void {
  for (let index = ids.length - 1; index > 0; index--) {
    const groupId = ids[index]!;
    if (!restrictionAt(state, groupId) && !state.usage.has(groupId)) continue;
    const parentId = ids[snapshot.groups[index]![1]]!;
    addUp(editUsage(state, parentId), usageOf(state, groupId), restrictionAt(state, groupId));
  }
}

function addUp(above: Usage, usage: Readonly<Usage>, restriction: Restriction | null): void {
  above.restrictedBelow += usage.restrictedBelow + (restriction ? 1 : 0);
  for (const resource of RESOURCES) {
    above.inForce[resource] += usage.inForce[resource];
    above.suspended[resource] += usage.suspended[resource];
    above.inRestricted[resource] += (restriction ? usage.inForce : usage.inRestricted)[resource];
    const own = restriction?.own[resource];
    above.allotted[resource] += restriction ? (own ?? 0) : usage.allotted[resource];
    above.allottedUnlimited[resource] += restriction ? Number(own === null) : usage.allottedUnlimited[resource];
  }
}

function reschedule(state: ProjectState, { now }: ProjectSnapshot): void {
  for (const [, license] of state.licenses.entries()) scheduleLicense(state, license, now);
  for (const [groupId] of state.restrictions.entries()) scheduleAllotments(state, groupId, now);
}

/** The approximate size of a state in bytes, which determines how many projects stay in memory. */
export const sizeOfState = ({ groups, restrictions, assignments, licenses, externalIds }: ProjectState): number =>
  2_000 +
  groups.size * 600 +
  restrictions.size * 900 +
  assignments.size * 700 +
  licenses.size * 600 +
  externalIds.assignment.size * 250;
