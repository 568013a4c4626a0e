import { daysAfter } from '../../calendar.js';
import type { Instant } from '../../decision.js';
import { ALL_FEATURES, NO_FEATURES, featureSet, type FeatureSet } from '../../feature-set.js';
import { NO_UNITS, UNLIMITED, basicUnitsOf, eachUnit, noCounts, sumUnits, type Counts } from '../../limits.js';
import {
  RESOURCES,
  type BillingMode,
  type GroupType,
  type Limit,
  type PoolMode,
  type Reminder,
  type Resource,
  type Units,
} from '../../words.js';
import type { Allotment, License, Place } from './events.js';
import { DraftSchedule, LiveSchedule, type Schedule } from './schedule.js';
import { DraftTable, LiveTable, type Table } from './table.js';

export interface Project {
  readonly projectId: string;
  readonly tenantId: string;
  readonly partnerId: string;
  readonly name: string;
  readonly timeZone: string;
  readonly billingMode: BillingMode;
}

export interface Group {
  groupId: string;
  parentId: string | null;
  type: GroupType;
  name: string;
  /** `null` for a leaf: most groups are one. */
  children: Set<string> | null;
}

export type Phase = 'scheduled' | 'active' | 'grace' | 'ended';

export interface AllotmentState extends Allotment {
  /** Order of creation in the project: "newest first" (R6, R8). */
  readonly sequence: number;
  phase: Phase;
}

export interface Restriction {
  enabled: boolean;
  poolMode: PoolMode;
  gracePeriodDays: number;
  reminder: Reminder | null;
  allotments: AllotmentState[];
  /** From where it was set (R9); `null`: not recorded. */
  place: Place | null;
  /** The own limit now (R2). */
  own: Units;
  /** What it keeps in use now: `own` and what is in grace (E1). */
  keeping: Units;
  /** The features on now (R5). */
  features: FeatureSet;
}

/** What a group and everything below it use, kept up to date along the path of every change. */
export interface Usage {
  inForce: Counts;
  suspended: Counts;
  /** Restricted groups strictly below. */
  restrictedBelow: number;
  /** Own limits of the nearest restricted groups below: the finite ones added up, and how many are unlimited. */
  allotted: Counts;
  allottedUnlimited: Counts;
  /** Use in force inside the nearest restricted groups below. */
  inRestricted: Counts;
}

export interface LicenseState extends License {
  phase: Exclude<Phase, 'grace'>;
  suspendedReason: string | null;
  /** From where it was suspended (L4); `null`: it is not, or that was not recorded. */
  suspendedFrom: Place | null;
  revokedReason: string | null;
}

export interface Assignment {
  readonly assignmentId: string;
  readonly groupId: string;
  readonly resource: Resource;
  readonly label: string | null;
  readonly holder: string | null;
  readonly sipAssignmentId: string | null;
  readonly assignedAt: Instant;
  readonly sequence: number;
  inForce: boolean;
  /** The app paired with this number, in force or suspended (U2). */
  pairedWith: string | null;
}

/** What a person may use at most in a group and below it, inside what the group has. */
export interface MemberLimits {
  /** `null`: no limit of its own. */
  readonly limits: Units;
  readonly featuresOff: FeatureSet;
  /** From where they were set (R9); `null`: not recorded. */
  readonly place: Place | null;
}

/** What is known of the project as a whole. */
export interface ProjectTotals {
  project: Project | null;
  /** Why the project was closed; `null`: it is open. */
  closedReason: string | null;
  /** The last recorded instant (U5). */
  now: Instant;
  sequence: number;
  devices: number;
  trialLicenseId: string | null;
  /** The sum of the licenses in force now, and the union of their features (L5). */
  capacity: Units;
  features: FeatureSet;
}

/** The fold of a project's stream. Made by `initialState`, changed by `evolve` alone. */
export interface ProjectState {
  readonly totals: ProjectTotals;
  readonly groups: Table<Group>;
  readonly usage: Table<Usage>;
  readonly restrictions: Table<Restriction>;
  readonly licenses: Table<LicenseState>;
  /** The group of each device, by serial number. */
  readonly devices: Table<{ readonly groupId: string }>;
  readonly assignments: Table<Assignment>;
  /** The assignments made at a group, in order of creation. */
  readonly atGroup: Table<Set<string>>;
  /** The assignments a person holds. */
  readonly heldBy: Table<Set<string>>;
  /** The limits of persons at a group, by user. */
  readonly memberLimits: Table<ReadonlyMap<string, MemberLimits>>;
  readonly schedule: Schedule;
}

export const initialState = (): ProjectState => ({
  totals: {
    project: null,
    closedReason: null,
    now: 0,
    sequence: 0,
    devices: 0,
    trialLicenseId: null,
    capacity: NO_UNITS,
    features: NO_FEATURES,
  },
  groups: new LiveTable(),
  usage: new LiveTable(),
  restrictions: new LiveTable(),
  licenses: new LiveTable(),
  devices: new LiveTable(),
  assignments: new LiveTable(),
  atGroup: new LiveTable(),
  heldBy: new LiveTable(),
  memberLimits: new LiveTable(),
  schedule: new LiveSchedule(),
});

const copySet = (set: Set<string>): Set<string> => new Set(set);
const copyRow = <Row extends object>(row: Row): Row => ({ ...row });

/** A state to try things on: `below` stays as it is. Costs what is changed on it. */
export const draftOf = (below: ProjectState): ProjectState => ({
  totals: { ...below.totals },
  groups: new DraftTable(below.groups, (group) => ({ ...group, children: group.children && copySet(group.children) })),
  usage: new DraftTable(below.usage, (usage) => ({
    inForce: { ...usage.inForce },
    suspended: { ...usage.suspended },
    restrictedBelow: usage.restrictedBelow,
    allotted: { ...usage.allotted },
    allottedUnlimited: { ...usage.allottedUnlimited },
    inRestricted: { ...usage.inRestricted },
  })),
  restrictions: new DraftTable(below.restrictions, (restriction) => ({
    ...restriction,
    allotments: restriction.allotments.map(copyRow),
  })),
  licenses: new DraftTable(below.licenses, copyRow),
  devices: new DraftTable(below.devices, copyRow),
  assignments: new DraftTable(below.assignments, copyRow),
  atGroup: new DraftTable(below.atGroup, copySet),
  heldBy: new DraftTable(below.heldBy, copySet),
  memberLimits: new DraftTable(below.memberLimits, (limits) => limits),
  schedule: new DraftSchedule(below.schedule),
});

const newUsage = (): Usage => ({
  inForce: noCounts(),
  suspended: noCounts(),
  restrictedBelow: 0,
  allotted: noCounts(),
  allottedUnlimited: noCounts(),
  inRestricted: noCounts(),
});

const NO_USE: Readonly<Usage> = Object.freeze(newUsage());

export const usageOf = (state: ProjectState, groupId: string): Readonly<Usage> => state.usage.get(groupId) ?? NO_USE;

export const restrictionAt = (state: ProjectState, groupId: string): Restriction | null => {
  const restriction = state.restrictions.get(groupId);
  return restriction?.enabled ? restriction : null;
};

export function addChild(state: ProjectState, parentId: string, childId: string): void {
  const parent = state.groups.edit(parentId);
  if (!parent) return;
  parent.children ??= new Set();
  parent.children.add(childId);
}

export const parentOf = (state: ProjectState, groupId: string): string | null =>
  state.groups.get(groupId)?.parentId ?? null;

/** The group and its ancestors, the root last. */
export function* pathOf(state: ProjectState, groupId: string | null): Generator<string> {
  for (let id = groupId; id !== null; id = parentOf(state, id)) yield id;
}

/** One group on a path, with all that limits and uses there. */
export interface Level {
  readonly groupId: string;
  readonly name: string;
  readonly restriction: Restriction | null;
  readonly usage: Readonly<Usage>;
}

/** The group and its ancestors, the root last, each looked up once. */
export function levelsOf(state: ProjectState, groupId: string): readonly Level[] {
  const levels: Level[] = [];
  for (let group = state.groups.get(groupId); group;) {
    const { groupId: id, name, parentId } = group;
    levels.push({ groupId: id, name, restriction: restrictionAt(state, id), usage: usageOf(state, id) });
    group = parentId === null ? undefined : state.groups.get(parentId);
  }
  return levels;
}

/** The group itself or the nearest above it that is restricted; `null`: none. */
export function nearestRestricted(state: ProjectState, groupId: string | null): string | null {
  for (let id = groupId; id !== null; id = parentOf(state, id)) if (restrictionAt(state, id)) return id;
  return null;
}

/** The nearest restricted groups strictly below a group. */
export function* nearestRestrictedBelow(state: ProjectState, groupId: string): Generator<string> {
  if (usageOf(state, groupId).restrictedBelow === 0) return;
  for (const child of state.groups.get(groupId)?.children ?? []) {
    if (restrictionAt(state, child)) yield child;
    else yield* nearestRestrictedBelow(state, child);
  }
}

export const allottedBelow = (usage: Readonly<Usage>, resource: Resource): Limit =>
  usage.allottedUnlimited[resource] > 0 ? null : usage.allotted[resource];

/** What is used below a group outside its nearest restricted groups (R4). */
export const usedOutside = (usage: Readonly<Usage>, resource: Resource): number =>
  usage.inForce[resource] - usage.inRestricted[resource];

/** The time zone in which the days of a project are counted (E4). */
export const zoneOf = (state: ProjectState): string => state.totals.project?.timeZone ?? 'UTC';

/** The end of the days of grace after an end: days of the calendar in the project's time zone (E1, E4). */
export const graceEndOf = (validUntil: Instant, gracePeriodDays: number, timeZone: string): Instant =>
  gracePeriodDays === 0 ? validUntil : daysAfter(validUntil, gracePeriodDays, timeZone);

/** So many days of grace, counted in a time zone. */
export interface Grace {
  readonly days: number;
  readonly timeZone: string;
}

const NO_GRACE: Grace = { days: 0, timeZone: 'UTC' };

export function phaseAt(term: Pick<Allotment, 'validFrom' | 'validUntil'>, grace: Grace, at: Instant): Phase {
  if (at < term.validFrom) return 'scheduled';
  if (term.validUntil === null || at < term.validUntil) return 'active';
  return at < graceEndOf(term.validUntil, grace.days, grace.timeZone) ? 'grace' : 'ended';
}

export function licensePhaseAt(term: Pick<License, 'validFrom' | 'validUntil'>, at: Instant): LicenseState['phase'] {
  const phase = phaseAt(term, NO_GRACE, at);
  return phase === 'grace' ? 'ended' : phase;
}

/** The days of grace of a group's allotments. */
export const graceOf = (state: ProjectState, { gracePeriodDays }: { readonly gracePeriodDays: number }): Grace => ({
  days: gracePeriodDays,
  timeZone: zoneOf(state),
});

/** Brings what is kept of an own limit in line with the phases of its allotments. */
export function refreshRestriction(restriction: Restriction): void {
  restriction.own = NO_UNITS;
  restriction.keeping = NO_UNITS;
  restriction.features = NO_FEATURES;
  for (const { phase, units, features } of restriction.allotments) {
    if (phase === 'active') {
      restriction.own = sumUnits(restriction.own, units);
      restriction.features |= featureSet(features);
    }
    if (phase === 'active' || phase === 'grace') restriction.keeping = sumUnits(restriction.keeping, units);
  }
}

export const isInForce = (license: LicenseState): boolean =>
  license.phase === 'active' && license.suspendedReason === null && license.revokedReason === null;

/** Brings the capacity and features of the project in line with its licenses (L5). */
export function refreshCapacity(state: ProjectState): void {
  const { totals } = state;
  if (totals.project?.billingMode === 'postpaid') {
    Object.assign(totals, { capacity: UNLIMITED, features: ALL_FEATURES });
    return;
  }
  totals.capacity = basicUnitsOf(totals.devices);
  totals.features = NO_FEATURES;
  for (const [, license] of state.licenses.entries()) {
    if (!isInForce(license)) continue;
    totals.capacity = sumUnits(totals.capacity, license.units);
    totals.features |= featureSet(license.features);
  }
}

/** What a subtree adds to the groups above it. */
export interface Contribution {
  readonly inForce?: Counts;
  readonly suspended?: Counts;
  readonly restrictedGroups?: number;
  readonly allotted?: { readonly finite: Counts; readonly unlimited: Counts };
  readonly inRestricted?: Counts;
}

/**
 * Adds (`sign` 1) or takes away (-1) a contribution at a group and all above it. What a nearest restricted group
 * allots or uses counts up to the first restricted group above it; further up that one stands for it.
 */
export function contribute(state: ProjectState, fromGroupId: string | null, what: Contribution, sign: 1 | -1): void {
  let inside = false;
  for (let id = fromGroupId; id !== null; id = parentOf(state, id)) {
    const usage = editUsage(state, id);
    if (what.inForce) addCounts(usage.inForce, what.inForce, sign);
    if (what.suspended) addCounts(usage.suspended, what.suspended, sign);
    if (what.restrictedGroups) usage.restrictedBelow += sign * what.restrictedGroups;
    const restrictedUse = inside ? what.inForce : what.inRestricted;
    if (restrictedUse) addCounts(usage.inRestricted, restrictedUse, sign);
    if (what.allotted && !inside) {
      addCounts(usage.allotted, what.allotted.finite, sign);
      addCounts(usage.allottedUnlimited, what.allotted.unlimited, sign);
    }
    inside ||= restrictionAt(state, id) !== null;
  }
}

/** What a group as a whole, itself included, adds to the groups above it. */
export function contributionOf(state: ProjectState, groupId: string): Required<Contribution> {
  const usage = usageOf(state, groupId);
  const restriction = restrictionAt(state, groupId);
  return {
    inForce: usage.inForce,
    suspended: usage.suspended,
    restrictedGroups: usage.restrictedBelow + (restriction ? 1 : 0),
    allotted: restriction
      ? allottedBy(restriction.own)
      : { finite: usage.allotted, unlimited: usage.allottedUnlimited },
    inRestricted: restriction ? usage.inForce : usage.inRestricted,
  };
}

const allottedBy = (own: Units): { finite: Counts; unlimited: Counts } => ({
  finite: eachUnit((resource) => own[resource] ?? 0) as Counts,
  unlimited: eachUnit((resource) => (own[resource] === null ? 1 : 0)) as Counts,
});

/** The usage of a group, to be changed. */
export function editUsage(state: ProjectState, groupId: string): Usage {
  let usage = state.usage.edit(groupId);
  if (!usage) {
    usage = newUsage();
    state.usage.put(groupId, usage);
  }
  return usage;
}

function addCounts(to: Counts, what: Counts, sign: 1 | -1): void {
  for (const resource of RESOURCES) to[resource] += sign * what[resource];
}
