import { exceeds, minus } from '../../limits.js';
import type { Limit, Resource } from '../../words.js';
import type { CurrentState, Restriction } from '../model/state.js';
import { levelsOf, type Level } from '../model/tree.js';
import { allottedBelow, usedOutside } from '../model/usage.js';

/** How much room is left, and which limit leaves the least. */
export interface Availability {
  readonly available: Limit;
  /** `null`: the project's capacity. */
  readonly groupId: string | null;
  /** The limit that binds and what of it is taken. */
  readonly limit: Limit;
}

/** What an assignment at a group would still be accepted for now (U1). Costs the depth of the group. */
export const availableAt = (state: CurrentState, groupId: string, resource: Resource): Limit =>
  tightestLimit(state, levelsOf(state, groupId), resource).available;

/** The same of a path, with the limit that binds: the nearest one where several leave as little. */
export function tightestLimit(state: CurrentState, levels: readonly Level[], resource: Resource): Availability {
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
  const capacity = state.totals.capacity[resource];
  offer(minus(capacity, levels.at(-1)?.usage.inForce[resource] ?? 0), null, capacity);
  return availability;
}

/** What a reserved pool leaves for use outside the restricted groups below it (R4); unlimited when shared. */
function unreserved(pool: Restriction, usage: Level['usage'], resource: Resource): Limit {
  if (pool.poolMode === 'shared') return null;
  const allotted = allottedBelow(usage, resource);
  if (allotted === null) return pool.own[resource] === null ? null : 0;
  return minus(pool.own[resource], allotted + usedOutside(usage, resource));
}
