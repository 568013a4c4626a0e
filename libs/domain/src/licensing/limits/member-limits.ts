import { NO_FEATURES } from '../../feature-set.js';
import { UNLIMITED } from '../../limits.js';
import type { Resource } from '../../words.js';
import type { Assignment, MemberLimits, ProjectState } from '../model/state.js';
import { pathOf, type Level } from '../model/tree.js';

/**
 * A person's own limits inside what its group has. They hold for what the person is the `holder` of at the group and below
 * it, and only ever narrow: what the groups and the project allow still binds. They count what a person holds, also while
 * it is suspended, so that nothing grows when that returns. Lowering them takes nothing away that is held; it grants nothing
 * new until there is less. A feature that is switched off is off at once.
 */
export const NOTHING_NARROWER: MemberLimits = { limits: UNLIMITED, featuresOff: NO_FEATURES, place: null };

export const limitsOf = (state: ProjectState, groupId: string, userId: string): MemberLimits =>
  state.memberLimits.get(groupId)?.get(userId) ?? NOTHING_NARROWER;

/** What a person holds in a group and below it; `null`: anywhere. */
export function heldAt(state: ProjectState, holder: string, groupId: string | null): Assignment[] {
  const held = [...(state.heldBy.get(holder) ?? [])].map((id) => state.assignments.get(id)!);
  return groupId === null ? held : held.filter((a) => [...pathOf(state, a.groupId)].includes(groupId));
}

/** How much a person may still get, and the level of the path whose limit for it leaves the least. */
export interface MemberAvailability {
  readonly available: number;
  readonly limit: number;
  readonly level: Level;
}

/** `null`: it has no limit of its own anywhere on the path. Costs the depth of the group and what the person holds. */
export function memberAvailability(
  state: ProjectState,
  levels: readonly Level[],
  userId: string,
  resource: Resource,
): MemberAvailability | null {
  let availability: MemberAvailability | null = null;
  for (const level of levels) {
    const limit = limitsOf(state, level.groupId, userId).limits[resource];
    if (limit === null) continue;
    const held = heldAt(state, userId, level.groupId).filter((assignment) => assignment.resource === resource).length;
    const available = Math.max(0, limit - held);
    if (availability === null || available < availability.available) availability = { available, limit, level };
  }
  return availability;
}
