import { exceeds, minus } from '../../limits.js';
import type { Limit, Resource, Units } from '../../words.js';
import type { Level, LevelRestriction } from '../model/levels.js';
import type { CurrentState } from '../model/state.js';
import { levelsOf } from '../model/tree.js';
import { allottedBelow, usedOutside } from '../model/usage.js';

/** The units left, and the limit that leaves the least. */
export interface Availability {
  readonly available: Limit;
  /** `null`: the project's capacity. */
  readonly groupId: string | null;
  /** The limit that binds. */
  readonly limit: Limit;
}

/** The units that could still be assigned at a group now (U1). Costs the depth of the group. */
export const availableAt = (state: CurrentState, groupId: string, resource: Resource): Limit =>
  tightestLimit(state.totals.capacity, levelsOf(state, groupId), resource).available;

/** The limit on a path that leaves the least: the nearest of equal ones. */
export function tightestLimit(capacity: Units, levels: readonly Level[], resource: Resource): Availability {
  let availability: Availability = { available: null, groupId: null, limit: null };
  const offer = (available: Limit, by: string | null, limit: Limit): void => {
    if (exceeds(availability.available, available)) availability = { available, groupId: by, limit };
  };
  let isNearest = true;
  for (const { groupId, restriction, usage } of levels) {
    if (!restriction) continue;
    const own = restriction.own[resource];
    offer(minus(own, usage.inForce[resource]), groupId, own);
    if (isNearest) offer(unreserved(restriction, usage, resource), groupId, own);
    isNearest = false;
  }
  const total = capacity[resource];
  offer(minus(total, levels.at(-1)!.usage.inForce[resource]), null, total);
  return availability;
}

/** The units that a reserved pool leaves for use outside the restricted groups below it (R4); unlimited when shared. */
export function unreserved(pool: LevelRestriction, usage: Level['usage'], resource: Resource): Limit {
  if (pool.poolMode === 'shared') return null;
  const allotted = allottedBelow(usage, resource);
  if (allotted === null) return pool.own[resource] === null ? null : 0;
  return minus(pool.own[resource], allotted + usedOutside(usage, resource));
}
