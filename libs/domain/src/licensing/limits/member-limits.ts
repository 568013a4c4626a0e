import { NO_FEATURES } from '../../feature-set.js';
import { UNLIMITED } from '../../limits.js';
import type { Resource } from '../../words.js';
import type { Assignment, MemberLimits } from '../model/facts.js';
import type { ProjectState } from '../model/state.js';
import type { Level } from '../model/levels.js';
import { pathOf } from '../model/tree.js';

/**
 * The limits of a person at a group. They bind the assignments that the person holds at the group and below, and only ever
 * narrow: the limits of groups and project bind as well. Suspended assignments count too, so that nothing exceeds the limits
 * when they return. Lower limits take nothing away; they grant nothing new until less is held. A feature that is switched
 * off is off at once.
 */
export const NOTHING_NARROWER: MemberLimits = { limits: UNLIMITED, featuresOff: NO_FEATURES, place: null };

export const limitsOf = (state: ProjectState, groupId: string, userId: string): MemberLimits =>
  state.memberLimits.get(groupId)?.get(userId) ?? NOTHING_NARROWER;

/** The assignments a person holds in a group and below it; `null`: anywhere. */
export function heldAt(state: ProjectState, holder: string, groupId: string | null): Assignment[] {
  const held = [...(state.heldBy.get(holder) ?? [])].map((id) => state.assignments.get(id)!);
  return groupId === null ? held : held.filter((a) => [...pathOf(state, a.groupId)].includes(groupId));
}

/** The units a person can still get, and the level of the path whose limit leaves the least. */
export interface MemberAvailability {
  readonly available: number;
  readonly limit: number;
  readonly level: Level;
}

/** `null`: the person has no limit anywhere on the path. Costs the depth of the group and what the person holds. */
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
