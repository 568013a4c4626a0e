import { exceeds, minus } from '../limits.js';
import type { Limit, Resource } from '../words.js';
import {
  allottedBelow,
  nearestRestricted,
  pathOf,
  restrictionAt,
  usageOf,
  usedOutside,
  type ProjectState,
} from './state.js';

/** How much room is left, and which limit leaves the least. */
export interface Room {
  readonly available: Limit;
  /** `null`: the project's capacity. */
  readonly groupId: string | null;
  /** The limit that binds and what of it is taken. */
  readonly limit: Limit;
}

/** What an assignment at a group would still be accepted for now (domain.md U1). Costs the depth of the group. */
export const roomFor = (state: ProjectState, groupId: string, resource: Resource): Limit =>
  tightest(state, groupId, resource).available;

/** The same with the limit that binds: the nearest one where several leave as little. */
export function tightest(state: ProjectState, groupId: string, resource: Resource): Room {
  let room: Room = { available: null, groupId: null, limit: null };
  const offer = (available: Limit, by: string | null, limit: Limit): void => {
    if (exceeds(room.available, available)) room = { available, groupId: by, limit };
  };
  const pool = nearestRestricted(state, groupId);
  let root = groupId;
  for (const id of pathOf(state, groupId)) {
    root = id;
    const own = restrictionAt(state, id)?.own[resource];
    if (own === undefined) continue;
    offer(minus(own, usageOf(state, id).inForce[resource]), id, own);
    if (id === pool) offer(unreserved(state, id, resource), id, own);
  }
  const capacity = state.whole.capacity[resource];
  offer(minus(capacity, usageOf(state, root).inForce[resource]), null, capacity);
  return room;
}

/** What a reserved pool leaves for use outside the restricted groups below it (domain.md R4); unlimited when shared. */
function unreserved(state: ProjectState, groupId: string, resource: Resource): Limit {
  const pool = restrictionAt(state, groupId)!;
  if (pool.poolMode === 'shared') return null;
  const usage = usageOf(state, groupId);
  const allotted = allottedBelow(usage, resource);
  if (allotted === null) return pool.own[resource] === null ? null : 0;
  return minus(pool.own[resource], allotted + usedOutside(usage, resource));
}
