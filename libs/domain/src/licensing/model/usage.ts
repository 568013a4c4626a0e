import { eachUnit, noCounts, type Counts } from '../../limits.js';
import { RESOURCES, type Limit, type Resource, type Units } from '../../words.js';
import type { GroupRow } from './rows.js';
import type { Usage } from './facts.js';
import type { LevelUsage } from './levels.js';
import { parentOf, restrictionAt, type ProjectState } from './state.js';

const newUsage = (): Usage => ({
  inForce: noCounts(),
  suspended: noCounts(),
  restrictedBelow: 0,
  allotted: noCounts(),
  allottedUnlimited: noCounts(),
  inRestricted: noCounts(),
});

export const NO_USE: Readonly<Usage> = Object.freeze(newUsage());

export const usageOf = (state: ProjectState, groupId: string): Readonly<Usage> => state.usage.get(groupId) ?? NO_USE;

export const allottedBelow = (usage: LevelUsage, resource: Resource): Limit =>
  usage.allottedUnlimited[resource] > 0 ? null : usage.allotted[resource];

/** The use below a group outside its nearest restricted groups (R4). */
export const usedOutside = (usage: LevelUsage, resource: Resource): number =>
  usage.inForce[resource] - usage.inRestricted[resource];

/** The contribution of a subtree to the groups above it. */
export interface Contribution {
  readonly inForce?: Counts;
  readonly suspended?: Counts;
  readonly restrictedGroups?: number;
  readonly allotted?: { readonly finite: Counts; readonly unlimited: Counts };
  readonly inRestricted?: Counts;
}

/**
 * Adds (`sign` 1) or takes away (-1) a contribution at a group and all above it. The limits and
 * use of a nearest restricted group count up to the first restricted group above it, which replaces them further up.
 */
export function contribute(state: ProjectState, fromGroupId: string | null, what: Contribution, sign: 1 | -1): void {
  let inside = false;
  for (const { usage, isRestricted } of editedPath(state, fromGroupId)) {
    if (what.inForce) addCounts(usage.inForce, what.inForce, sign);
    if (what.suspended) addCounts(usage.suspended, what.suspended, sign);
    if (what.restrictedGroups) usage.restrictedBelow += sign * what.restrictedGroups;
    const restrictedUse = inside ? what.inForce : what.inRestricted;
    if (restrictedUse) addCounts(usage.inRestricted, restrictedUse, sign);
    if (what.allotted && !inside) {
      addCounts(usage.allotted, what.allotted.finite, sign);
      addCounts(usage.allottedUnlimited, what.allotted.unlimited, sign);
    }
    inside ||= isRestricted;
  }
}

/** The usage of a group and of all above it, to be changed. */
function* editedPath(
  state: ProjectState,
  groupId: string | null,
): Generator<{ readonly usage: Usage; readonly isRestricted: boolean }> {
  if (groupId === null) return;
  if (state.rows) {
    for (let row: GroupRow | null = state.rows.at(groupId); row; row = row.parent)
      yield { usage: (row.usage ??= newUsage()), isRestricted: row.restriction?.enabled ?? false };
    return;
  }
  for (let id: string | null = groupId; id !== null; id = parentOf(state, id))
    yield { usage: editUsage(state, id), isRestricted: restrictionAt(state, id) !== null };
}

/** The contribution of a group and everything below it to the groups above. */
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
