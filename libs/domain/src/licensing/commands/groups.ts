import { DEFAULT_CALENDAR, recordBillingTerms } from './billing.js';
import type { ProjectCommandOf } from '../model/commands.js';
import type { AssignmentRef, ReleaseReason } from '../model/events.js';
import { inChunks, type CurrentRecorder } from '../model/recorder.js';
import type { SingleRefusal } from '../model/refusals.js';
import { parentOf, type ProjectState } from '../model/state.js';
import { assignmentsBelow, pathOf } from '../model/tree.js';
import { refOf, settleUse } from '../time/use.js';

/**
 * The facts of the group service, which alone decides the tree (docs/domain/rules.md#groups). They are recorded without judgement: a
 * fact that takes capacity away suspends use (U3), and a repeated fact changes nothing.
 */
type Refused = SingleRefusal | null;

export const groupNotFound = (id: string): SingleRefusal => ({ code: 'NOT_FOUND', what: 'group', id });

export function openProject(recorder: CurrentRecorder, command: ProjectCommandOf<'OpenProject'>): Refused {
  if (recorder.state.totals.project) return null;
  const { projectId, tenantId, partnerId, name, timeZone, billingMode } = command;
  recorder.record('ProjectOpened', { projectId, tenantId, partnerId, name, timeZone, billingMode });
  if (billingMode === 'postpaid') recordBillingTerms(recorder, DEFAULT_CALENDAR);
  return null;
}

export function placeGroups(recorder: CurrentRecorder, { groups }: ProjectCommandOf<'PlaceGroups'>): Refused {
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

export function changeGroup(recorder: CurrentRecorder, command: ProjectCommandOf<'ChangeGroup'>): Refused {
  const { groupId, groupType: type, name } = command;
  const group = recorder.state.groups.get(groupId);
  if (!group) return groupNotFound(groupId);
  if (group.type !== type || group.name !== name) recorder.record('GroupChanged', { groupId, type, name });
  return null;
}

export function relocateGroup(
  recorder: CurrentRecorder,
  { groupId, parentId }: ProjectCommandOf<'RelocateGroup'>,
): Refused {
  const refusal = checkPlace(recorder.state, groupId, parentId);
  if (refusal) return refusal;
  if (parentOf(recorder.state, groupId) === parentId) return null;
  recorder.record('GroupRelocated', { groupId, parentId });
  settleUse(recorder, { groups: pathOf(recorder.state, parentId), capacity: false });
  return null;
}

export function removeGroup(recorder: CurrentRecorder, { groupId }: ProjectCommandOf<'RemoveGroup'>): Refused {
  const { state } = recorder;
  if (!state.groups.has(groupId)) return null;
  if (parentOf(state, groupId) === null)
    return { code: 'VALIDATION', field: 'groupId', message: 'is the root of the project' };
  release(recorder, [...assignmentsBelow(state, groupId, () => true)].map(refOf), 'group_removed');
  recorder.record('GroupRemoved', { groupId });
  settleUse(recorder, { groups: [], capacity: false });
  return null;
}

/** A device of the project brings its Basic license (L2). */
export function addDevice(
  recorder: CurrentRecorder,
  { serialNumber, groupId }: ProjectCommandOf<'AddDevice'>,
): Refused {
  if (recorder.state.devices.has(serialNumber)) return null;
  if (!recorder.state.groups.has(groupId)) return groupNotFound(groupId);
  recorder.record('BasicLicenseStarted', { serialNumber, groupId });
  settleUse(recorder, { groups: [], capacity: true });
  return null;
}

export function removeDevice(recorder: CurrentRecorder, { serialNumber }: ProjectCommandOf<'RemoveDevice'>): Refused {
  if (!recorder.state.devices.has(serialNumber)) return null;
  recorder.record('BasicLicenseEnded', { serialNumber });
  settleUse(recorder, { groups: [], capacity: true });
  return null;
}

export function release(recorder: CurrentRecorder, refs: readonly AssignmentRef[], reason: ReleaseReason): void {
  for (const assignments of inChunks(refs)) recorder.record('AssignmentsReleased', { assignments, reason });
}

export function checkPlace(state: ProjectState, groupId: string, parentId: string): Refused {
  if (!state.groups.has(groupId)) return groupNotFound(groupId);
  if (!state.groups.has(parentId)) return groupNotFound(parentId);
  for (const id of pathOf(state, parentId)) {
    if (id === groupId) return { code: 'VALIDATION', field: 'parentId', message: 'lies in the group itself' };
  }
  return null;
}
