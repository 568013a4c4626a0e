import type { Instant } from '../../decision.js';
import { affectedBelow } from '../limits/cascade.js';
import { RESOURCES } from '../../words.js';
import { bindingNow, checkAllotment, hasEnded, poolAbove } from '../limits/checks.js';
import { LimitTimelines } from '../limits/limit-timeline.js';
import type { ProjectCommandOf } from '../model/commands.js';
import { anyOf, assignmentsBelow, catchUp, refOf, settle } from '../time/effects.js';
import type { AssignmentRef, ReleaseReason } from '../model/events.js';
import { inChunks, Recorder } from '../model/recorder.js';
import type { ProjectRefusal, Shortage } from '../model/refusals.js';
import { changeOf, settleOrRefuse } from './restrictions.js';
import { nearestRestrictedBelow, parentOf, pathOf, restrictionAt, usageOf, type ProjectState } from '../model/state.js';

/**
 * The facts of the group service, which alone decides the tree (docs/domain/rules.md#groups). They are recorded, not judged: a
 * fact that takes room away suspends (U3), and one that comes twice is already so.
 */
type Refused = ProjectRefusal | null;

const groupNotFound = (id: string): ProjectRefusal => ({ code: 'NOT_FOUND', what: 'group', id });

export function openProject(recorder: Recorder, command: ProjectCommandOf<'OpenProject'>): Refused {
  if (recorder.state.totals.project) return null;
  const { projectId, tenantId, partnerId, name, timeZone, billingMode } = command;
  recorder.emit('ProjectOpened', { projectId, tenantId, partnerId, name, timeZone, billingMode });
  return null;
}

export function placeGroups(recorder: Recorder, { groups }: ProjectCommandOf<'PlaceGroups'>): Refused {
  const { state } = recorder;
  const fresh = groups.filter(({ groupId }) => !state.groups.has(groupId));
  const placed = new Set<string>();
  for (const { groupId, parentId } of fresh) {
    if (parentId === null || !(state.groups.has(parentId) || placed.has(parentId)))
      return groupNotFound(parentId ?? groupId);
    placed.add(groupId);
  }
  for (const chunk of inChunks(fresh)) recorder.record('GroupsPlaced', { groups: chunk });
  return null;
}

export function changeGroup(recorder: Recorder, command: ProjectCommandOf<'ChangeGroup'>): Refused {
  const { groupId, groupType: type, name } = command;
  const group = recorder.state.groups.get(groupId);
  if (!group) return groupNotFound(groupId);
  if (group.type !== type || group.name !== name) recorder.record('GroupChanged', { groupId, type, name });
  return null;
}

export function relocateGroup(recorder: Recorder, { groupId, parentId }: ProjectCommandOf<'RelocateGroup'>): Refused {
  const refusal = checkPlace(recorder.state, groupId, parentId);
  if (refusal) return refusal;
  if (parentOf(recorder.state, groupId) === parentId) return null;
  recorder.emit('GroupRelocated', { groupId, parentId });
  settle(recorder, { groups: pathOf(recorder.state, parentId), capacity: false });
  return null;
}

export function removeGroup(recorder: Recorder, { groupId }: ProjectCommandOf<'RemoveGroup'>): Refused {
  const { state } = recorder;
  if (!state.groups.has(groupId)) return null;
  if (parentOf(state, groupId) === null)
    return { code: 'VALIDATION', field: 'groupId', message: 'is the root of the project' };
  release(recorder, [...assignmentsBelow(state, groupId, () => true)].map(refOf), 'group_removed');
  recorder.emit('GroupRemoved', { groupId });
  settle(recorder, { groups: [], capacity: false });
  return null;
}

/** A device of the project brings its Basic license (L2). */
export function addDevice(recorder: Recorder, { serialNumber, groupId }: ProjectCommandOf<'AddDevice'>): Refused {
  if (recorder.state.devices.has(serialNumber)) return null;
  if (!recorder.state.groups.has(groupId)) return groupNotFound(groupId);
  recorder.emit('BasicLicenseStarted', { serialNumber, groupId });
  settle(recorder, { groups: [], capacity: true });
  return null;
}

export function removeDevice(recorder: Recorder, { serialNumber }: ProjectCommandOf<'RemoveDevice'>): Refused {
  if (!recorder.state.devices.has(serialNumber)) return null;
  recorder.emit('BasicLicenseEnded', { serialNumber });
  settle(recorder, { groups: [], capacity: true });
  return null;
}

export function release(recorder: Recorder, refs: readonly AssignmentRef[], reason: ReleaseReason): void {
  for (const assignments of inChunks(refs)) recorder.emit('AssignmentsReleased', { assignments, reason });
}

function checkPlace(state: ProjectState, groupId: string, parentId: string): Refused {
  if (!state.groups.has(groupId)) return groupNotFound(groupId);
  if (!state.groups.has(parentId)) return groupNotFound(parentId);
  for (const id of pathOf(state, parentId)) {
    if (id === groupId) return { code: 'VALIDATION', field: 'parentId', message: 'lies in the group itself' };
  }
  return null;
}

/**
 * Whether a place can hold what a group and everything below it use and were allotted (G3); `null`: it can.
 * The group service asks before it decides a move.
 */
export function checkRelocation(
  state: ProjectState,
  move: { groupId: string; parentId: string; now: Instant },
): Refused {
  const { groupId, parentId } = move;
  const recorder = new Recorder(state, Math.max(move.now, state.totals.now));
  catchUp(recorder, recorder.at);
  const refusal = checkPlace(recorder.state, groupId, parentId);
  if (refusal || parentOf(recorder.state, groupId) === parentId) return refusal;
  const before = recorder.branch();
  recorder.emit('GroupRelocated', { groupId, parentId });
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
  return refused?.code === 'DESCENDANTS_AFFECTED' && shortage ? { ...refused, shortage } : refused;
}

/** What a group uses that does not fit under the limits at and above its new place (R3): the one that leaves the least room. */
function shortageAt({ state, at }: Recorder, parentId: string, groupId: string): Shortage | null {
  const timelines = new LimitTimelines(state);
  const moved = usageOf(state, groupId).inForce;
  let shortage: Shortage | null = null;
  for (const id of pathOf(state, parentId)) {
    const keeping = restrictionAt(state, id)?.keeping;
    for (const resource of keeping ? RESOURCES : []) {
      const limit = keeping![resource];
      const used = usageOf(state, id).inForce[resource];
      if (limit === null || used <= limit || moved[resource] === 0) continue;
      const available = Math.max(0, limit - (used - moved[resource]));
      if (shortage && available >= shortage.available) continue;
      const limitedBy = bindingNow(timelines, id, resource, at);
      shortage = { resource, requested: moved[resource], available, limitedBy };
    }
  }
  return shortage;
}

/** Why what was in order before is not any more: the reason itself says more than the name of the group. */
function firstFailure(change: ReturnType<typeof changeOf>, groupId: string): ProjectRefusal[] {
  const { before, after, now } = change;
  for (const allotment of restrictionAt(after.state, groupId)!.allotments) {
    if (hasEnded(allotment, now) || checkAllotment(before, groupId, allotment, now)) continue;
    const refusal = checkAllotment(after, groupId, allotment, now);
    if (refusal) return [refusal];
  }
  return [];
}

/** Whether a group may leave for another project: only with nothing assigned or allotted in it or below (G3, L4). */
export function checkDeparture(state: ProjectState, groupId: string, now: Instant): Refused {
  const recorder = new Recorder(state, Math.max(now, state.totals.now));
  catchUp(recorder, recorder.at);
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
