import { featureList, featureSet, hasFeature, NO_FEATURES } from '../../feature-set.js';
import { exceeds, least, sameUnits, UNLIMITED } from '../../limits.js';
import { FEATURES, RESOURCES, type Limit, type Resource } from '../../words.js';
import type { Instant } from '../../decision.js';
import { higherOf, isAtOrAbove, placeSetFrom, setFromAbove } from '../limits/authority.js';
import type { ProjectCommandOf } from '../model/commands.js';
import { refOf, settle } from '../time/effects.js';
import { release } from './groups.js';
import { asOf, featuresOf, nameOfLevel, resourceQuota } from '../queries/quota.js';
import type { Recorder } from '../model/recorder.js';
import type { ProjectRefusal } from '../model/refusals.js';
import { levelsOf, pathOf, type Assignment, type Level, type MemberLimits, type ProjectState } from '../model/state.js';
import type { GroupQuota, LimitedBy, MemberQuota } from '../queries/views.js';

/**
 * A person's own limits inside what its group has. They hold for what the person is the `holder` of at the group and below
 * it, and only ever narrow: what the groups and the project allow still binds. They count what a person holds, also while
 * it is suspended, so that nothing grows when that returns. Lowering them takes nothing away that is held; it grants nothing
 * new until there is less. A feature that is switched off is off at once.
 */
const NOTHING_NARROWER: MemberLimits = { limits: UNLIMITED, featuresOff: NO_FEATURES, place: null };

const limitsOf = (state: ProjectState, groupId: string, userId: string): MemberLimits =>
  state.memberLimits.get(groupId)?.get(userId) ?? NOTHING_NARROWER;

export function setMemberLimits(
  recorder: Recorder,
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
 * What was assigned through a membership comes back, with the apps paired to its numbers: what names the membership itself,
 * and what the user holds in its group and below (U4). The limits it had there go.
 */
export function removeMember(recorder: Recorder, command: ProjectCommandOf<'RemoveMember'>): null {
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
    recorder.emit('MemberLimitsSet', { groupId, userId, limits: UNLIMITED, featuresOff: [], place: null });
  }
  settle(recorder, { groups: [], capacity: false });
  return null;
}

/** What a person holds in a group and below it; `null`: anywhere. */
function heldAt(state: ProjectState, holder: string, groupId: string | null): Assignment[] {
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

/** The quota of a person in a group; `null`: no such group. */
export function memberQuotaOf(
  recorded: ProjectState,
  groupId: string,
  userId: string,
  now: Instant,
): MemberQuota | null {
  const state = asOf(recorded, now);
  const levels = levelsOf(state, groupId);
  if (levels.length === 0) return null;
  const { limits, featuresOff } = limitsOf(state, groupId, userId);
  const quota = (resource: Resource) => memberResource(state, levels, userId, resource);
  return {
    groupId,
    userId,
    limits,
    featuresOff: featureList(featuresOff),
    resources: { sip_number: quota('sip_number'), mobile_app: quota('mobile_app'), ukey2: quota('ukey2') },
    features: memberFeatures(state, levels, userId),
  };
}

function memberResource(
  state: ProjectState,
  levels: readonly Level[],
  userId: string,
  resource: Resource,
): MemberQuota['resources'][Resource] {
  const group = resourceQuota(state, levels, resource);
  const nearest = leastLimit(state, levels, userId, resource);
  const availability = memberAvailability(state, levels, userId, resource);
  const held = heldAt(state, userId, levels[0]!.groupId).filter((assignment) => assignment.resource === resource);
  const consumed = held.filter(({ inForce }) => inForce).length;
  const isNarrower = nearest !== null && !exceeds(nearest.limit, group.effectiveLimit);
  return {
    limit: limitsOf(state, levels[0]!.groupId, userId).limits[resource],
    effectiveLimit: isNarrower ? nearest.limit : group.effectiveLimit,
    limitedBy: isNarrower ? nearest.by : group.limitedBy,
    consumed,
    suspended: held.length - consumed,
    available: availability === null ? group.available : least(group.available, availability.available),
  };
}

/** The least of a person's own limits on a path, the nearest where several are equal. */
function leastLimit(
  state: ProjectState,
  levels: readonly Level[],
  userId: string,
  resource: Resource,
): { readonly limit: Limit; readonly by: LimitedBy } | null {
  let found: { readonly limit: Limit; readonly by: LimitedBy } | null = null;
  for (const level of levels) {
    const limit = limitsOf(state, level.groupId, userId).limits[resource];
    if (limit !== null && (found === null || exceeds(found.limit, limit))) {
      found = { limit, by: { ...nameOfLevel(level), userId } };
    }
  }
  return found;
}

function memberFeatures(state: ProjectState, levels: readonly Level[], userId: string): GroupQuota['features'] {
  const group = featuresOf(state, levels);
  const own = group.on.flatMap((feature) => {
    const level = levels.find(({ groupId }) => hasFeature(limitsOf(state, groupId, userId).featuresOff, feature));
    return level ? [{ feature, limitedBy: { ...nameOfLevel(level), userId } }] : [];
  });
  const off = [...group.off, ...own];
  return {
    on: FEATURES.filter((feature) => !off.some((one) => one.feature === feature)),
    off: FEATURES.flatMap((feature) => off.find((one) => one.feature === feature) ?? []),
  };
}
