import { featureList, featureSet } from '../../feature-set.js';
import { UNLIMITED, exceeds, sameUnits } from '../../limits.js';
import { RESOURCES } from '../../words.js';
import { higherOf, isAtOrAbove, placeSetFrom, setFromAbove } from '../limits/authority.js';
import { NOTHING_NARROWER, heldAt, limitsOf } from '../limits/member-limits.js';
import type { ProjectCommandOf } from '../model/commands.js';
import type { CurrentRecorder } from '../model/recorder.js';
import type { ProjectRefusal } from '../model/refusals.js';
import type { MemberLimits } from '../model/facts.js';
import { refOf, reinstateFitting } from '../time/use.js';
import { release } from './groups.js';

export function setMemberLimits(
  recorder: CurrentRecorder,
  command: ProjectCommandOf<'SetMemberLimits'>,
): ProjectRefusal | null {
  const { groupId, userId, limits, featuresOff, authority } = command;
  const { state } = recorder;
  if (!state.groups.has(groupId)) return { code: 'NOT_FOUND', what: 'group', id: groupId };
  const before = limitsOf(state, groupId, userId);
  const off = featureSet(featuresOff);
  if (sameUnits(before.limits, limits) && before.featuresOff === off) return null;
  const isNew = before === NOTHING_NARROWER;
  const known = placeSetFrom(state, groupId, before.place);
  if (!isNew && isLooser(before, { limits, featuresOff: off }) && !isAtOrAbove(state, authority, known))
    return setFromAbove(state, groupId, known);
  const place = isNew ? authority : higherOf(state, known, authority);
  recorder.record('MemberLimitsSet', { groupId, userId, limits, featuresOff: featureList(off), place });
  return null;
}

const isLooser = (before: MemberLimits, after: Omit<MemberLimits, 'place'>): boolean =>
  (before.featuresOff & ~after.featuresOff) !== 0 ||
  RESOURCES.some((resource) => exceeds(after.limits[resource], before.limits[resource]));

/**
 * Releases everything assigned through a membership, with the apps paired to its numbers: assignments held by the membership
 * itself, and those of the user in its group and below (U4). The user's limits at the group are removed.
 */
export function removeMember(recorder: CurrentRecorder, command: ProjectCommandOf<'RemoveMember'>): null {
  const { memberId, userId, groupId } = command;
  const { state } = recorder;
  const ids = new Set<string>();
  const through = [...heldAt(state, memberId, null), ...heldAt(state, userId, groupId)];
  for (const { assignmentId, pairedWith } of through) {
    if (pairedWith !== null) ids.add(pairedWith);
    ids.add(assignmentId);
  }
  release(
    recorder,
    [...ids].map((id) => refOf(state.assignments.get(id)!)),
    'member_removed',
  );
  if (limitsOf(state, groupId, userId) !== NOTHING_NARROWER) {
    recorder.record('MemberLimitsSet', { groupId, userId, limits: UNLIMITED, featuresOff: [], place: null });
  }
  reinstateFitting(recorder);
  return null;
}
