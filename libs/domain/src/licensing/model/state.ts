import type { Instant } from '../../decision.js';
import { NO_FEATURES, type FeatureSet } from '../../feature-set.js';
import { NO_UNITS } from '../../limits.js';
import type { Units } from '../../words.js';
import type { Allotment, Meter } from './events.js';
import type { Assignment, Billing, Group, LicenseState, MemberLimits, Project, Restriction, Usage } from './facts.js';
import { GroupRows } from './rows.js';
import { DraftSchedule, LiveSchedule, type Schedule } from './schedule.js';
import { DraftTable, LiveTable, type Table } from './table.js';

/** Facts and totals of the project as a unit. */
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
  /** The sum of the licenses in force now, also where a postpaid project has no limit. */
  entitled: Units;
  /** `null`: no terms have been set. */
  billing: Billing | null;
  /** Measures the current billing period; `null`: there is none. */
  meter: Meter | null;
  /** The end of the last closed billing period: nothing is recorded before it. 0: none is closed. */
  closedUntil: Instant;
}

/** The fold of a project's stream. Made by `initialState`, changed by `evolve` alone. */
export interface ProjectState {
  readonly totals: ProjectTotals;
  /** The rows behind `groups`, `usage` and `restrictions`; `null` in a draft. */
  readonly rows: GroupRows | null;
  /** The state that a draft was made of. */
  readonly below: ProjectState | null;
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
  /** The holders of external ids. */
  readonly externalIds: { readonly license: Table<string>; readonly assignment: Table<string> };
  readonly schedule: Schedule;
}

export function initialState(): ProjectState {
  const rows = new GroupRows();
  const { groups, usage, restrictions } = rows;
  return { ...emptyState(), rows, below: null, groups, usage, restrictions };
}

const emptyState = (): Omit<ProjectState, 'rows' | 'below' | 'groups' | 'usage' | 'restrictions'> => ({
  totals: {
    project: null,
    closedReason: null,
    now: 0,
    sequence: 0,
    devices: 0,
    trialLicenseId: null,
    capacity: NO_UNITS,
    features: NO_FEATURES,
    entitled: NO_UNITS,
    billing: null,
    meter: null,
    closedUntil: 0,
  },
  licenses: new LiveTable(),
  devices: new LiveTable(),
  assignments: new LiveTable(),
  atGroup: new LiveTable(),
  heldBy: new LiveTable(),
  memberLimits: new LiveTable(),
  externalIds: { license: new LiveTable(), assignment: new LiveTable() },
  schedule: new LiveSchedule(),
});

const copySet = (set: Set<string>): Set<string> => new Set(set);
const same = <Row>(row: Row): Row => row;
const copyRow = <Row extends object>(row: Row): Row => ({ ...row });

/**
 * A state with everything that was due up to its instant in effect (U5). Only `catchUp` and the correction of a clock make
 * one, so a function that takes it cannot be called with a state whose timers are still to fire.
 */
export type CurrentState = ProjectState & { readonly [CURRENT]: true };
declare const CURRENT: unique symbol;

/** A copy-on-write draft: changes to it leave `below` unchanged. Costs only the rows that change. */
export const draftOf = (below: ProjectState): ProjectState => ({
  totals: { ...below.totals },
  rows: null,
  below,
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
  memberLimits: new DraftTable(below.memberLimits, same),
  externalIds: {
    license: new DraftTable(below.externalIds.license, same),
    assignment: new DraftTable(below.externalIds.assignment, same),
  },
  schedule: new DraftSchedule(below.schedule),
});

export const restrictionAt = (state: ProjectState, groupId: string): Restriction | null => {
  const restriction = state.restrictions.get(groupId);
  return restriction?.enabled ? restriction : null;
};

export const parentOf = (state: ProjectState, groupId: string): string | null =>
  state.groups.get(groupId)?.parentId ?? null;

export const rootOf = (state: ProjectState): string | null => state.totals.project?.projectId ?? null;

/** An allotment as events carry it. */
export const plainAllotment = (allotment: Allotment): Allotment => ({
  allotmentId: allotment.allotmentId,
  type: allotment.type,
  units: allotment.units,
  features: allotment.features,
  validFrom: allotment.validFrom,
  validUntil: allotment.validUntil,
});
