import type { Instant } from '../../decision.js';
import { exceeds, least, noCounts } from '../../limits.js';
import { RESOURCES, type FiniteUnits, type LicenseType, type Limit } from '../../words.js';
import { isInForce } from '../model/capacity.js';
import type { AssignmentRef } from '../model/events.js';
import { restrictionAt, type CurrentState, type ProjectState } from '../model/state.js';
import { pathOf } from '../model/tree.js';
import { asOf, foresee } from '../time/catch-up.js';
import { typeOf } from './quota.js';

/**
 * The license type that groups fall back to at an instant (L5, E3) if nothing changes until then; `null` where nothing can
 * be used. Unknown groups are left out. Costs everything that becomes due until then,
 * once for all groups.
 */
export function fallbacksAt(
  recorded: ProjectState,
  groupIds: Iterable<string>,
  at: Instant,
): ReadonlyMap<string, LicenseType | null> {
  const state = asOf(recorded, at);
  // Whatever can still be used then comes from the devices; an allotment of type plus grants no more than their Basic licenses.
  const onlyBasic = ![...state.licenses.entries()].some(([, license]) => isInForce(license));
  const typeAt = (groupId: string): LicenseType | null => {
    if (!isUsable(state, groupId)) return null;
    return onlyBasic && state.totals.project!.billingMode === 'prepaid' ? 'basic' : typeOf(state, groupId);
  };
  const fallbacks = new Map<string, LicenseType | null>();
  for (const groupId of groupIds) if (state.groups.has(groupId)) fallbacks.set(groupId, typeAt(groupId));
  return fallbacks;
}

const isUsable = (state: CurrentState, groupId: string): boolean =>
  RESOURCES.some((resource) => {
    let limit: Limit = state.totals.capacity[resource];
    for (const id of pathOf(state, groupId)) limit = least(limit, restrictionAt(state, id)?.own[resource] ?? limit);
    return exceeds(limit, 0);
  });

/** The assignments that are suspended at a later instant if nothing changes until then (E1, U3). */
export function suspendedAt(recorded: ProjectState, at: Instant): readonly AssignmentRef[] {
  return foresee(recorded, at).events.flatMap((event) =>
    event.type === 'AssignmentsSuspended' && event.at === at ? event.data.assignments : [],
  );
}

/**
 * How many of these assignments are at each of the groups or below it. Costs the depth of every assignment, however many
 * groups are asked for.
 */
export function countsBelow(
  state: ProjectState,
  groupIds: Iterable<string>,
  assignments: Iterable<AssignmentRef>,
): ReadonlyMap<string, FiniteUnits> {
  const counts = new Map([...groupIds].map((groupId) => [groupId, noCounts()]));
  for (const { groupId, resource } of assignments) {
    for (const id of pathOf(state, groupId)) {
      const count = counts.get(id);
      if (count) count[resource] += 1;
    }
  }
  return counts;
}
