import type { Instant } from '../../decision.js';
import { RESOURCES } from '../../words.js';
import { affectedBelow } from '../limits/cascade.js';
import { bindingNow, checkAllotment, hasEnded, poolAbove } from '../limits/checks.js';
import { LimitTimelines } from '../limits/limit-timeline.js';
import type { CurrentRecorder } from '../model/recorder.js';
import type { SingleRefusal, Shortage } from '../model/refusals.js';
import { parentOf, restrictionAt, type ProjectState } from '../model/state.js';
import { nearestRestrictedBelow, pathOf } from '../model/tree.js';
import { usageOf } from '../model/usage.js';
import { catchUp } from '../time/catch-up.js';
import { anyOf } from '../time/use.js';
import { changeOf, settleOrRefuse } from './consequences.js';
import { checkPlace, groupNotFound } from './groups.js';

type Refused = SingleRefusal | null;

/**
 * Refuses a place that cannot hold the use and the allotments of a group and everything below it (G3); `null`: it can.
 * The group service asks before it decides a move.
 */
export function checkRelocation(
  state: ProjectState,
  move: { groupId: string; parentId: string; now: Instant },
): Refused {
  const { groupId, parentId } = move;
  const recorder = catchUp(state, move.now);
  const refusal = checkPlace(recorder.state, groupId, parentId);
  if (refusal || parentOf(recorder.state, groupId) === parentId) return refusal;
  const before = recorder.branch();
  recorder.record('GroupRelocated', { groupId, parentId });
  const change = changeOf(before, recorder);
  const pool = poolAbove(recorder.state, groupId);
  const own = restrictionAt(recorder.state, groupId) ? [groupId] : nearestRestrictedBelow(recorder.state, groupId);
  const moved = [...own].flatMap((id) => firstFailure(change, id));
  if (moved[0]) return moved[0];
  const affected = [
    ...new Set([...affectedBelow(change, groupId), ...(pool === null ? [] : affectedBelow(change, pool))]),
  ];
  const shortage = shortageAt(recorder, parentId, groupId);
  const refused = settleOrRefuse(recorder, affected, pathOf(recorder.state, parentId));
  return refused && { ...refused, ...(shortage && { shortage }) };
}

/** The use of a group that exceeds a limit at or above its new place (R3): at the limit that leaves the least. */
function shortageAt({ state, at }: CurrentRecorder, parentId: string, groupId: string): Shortage | null {
  const timelines = new LimitTimelines(state);
  const moved = usageOf(state, groupId).inForce;
  let shortage: Shortage | null = null;
  for (const id of pathOf(state, parentId)) {
    const keeping = restrictionAt(state, id)?.keeping;
    for (const resource of keeping ? RESOURCES : []) {
      const limit = keeping![resource];
      const used = usageOf(state, id).inForce[resource];
      if (limit === null || used <= limit) continue;
      const available = Math.max(0, limit - (used - moved[resource]));
      if (shortage && available >= shortage.available) continue;
      const limitedBy = bindingNow(timelines, id, resource, at);
      shortage = { resource, requested: moved[resource], available, limitedBy };
    }
  }
  return shortage;
}

/** The refusal of the first allotment that passed before the change and fails after it; it says more than the group's name. */
function firstFailure(change: ReturnType<typeof changeOf>, groupId: string): SingleRefusal[] {
  const { before, after, now } = change;
  for (const allotment of restrictionAt(after.state, groupId)!.allotments) {
    if (hasEnded(allotment, now) || checkAllotment(before, groupId, allotment, now)) continue;
    const refusal = checkAllotment(after, groupId, allotment, now);
    if (refusal) return [refusal];
  }
  return [];
}

/** Refuses that a group leaves for another project while anything is assigned or allotted in it or below (G3, L4). */
export function checkDeparture(state: ProjectState, groupId: string, now: Instant): Refused {
  const recorder = catchUp(state, now);
  if (!recorder.state.groups.has(groupId)) return groupNotFound(groupId);
  const usage = usageOf(recorder.state, groupId);
  if (anyOf(usage.inForce) || anyOf(usage.suspended)) {
    return { code: 'NOT_TRANSFERABLE', groupId, reason: 'units are assigned in the group or below it' };
  }
  const restricted = restrictionAt(recorder.state, groupId) !== null || usage.restrictedBelow > 0;
  return restricted
    ? { code: 'NOT_TRANSFERABLE', groupId, reason: 'units are allotted in the group or below it' }
    : null;
}
