import type { Instant } from '../../decision.js';
import { featureList, featureSet } from '../../feature-set.js';
import { NO_UNITS, exceeds, minus, sameUnits } from '../../limits.js';
import { RESOURCES, type Limit, type Resource, type Units } from '../../words.js';
import type { Allotment } from '../model/events.js';
import type { Binding, SingleRefusal } from '../model/refusals.js';
import { parentOf, restrictionAt, type ProjectState } from '../model/state.js';
import { nearestRestricted, pathOf } from '../model/tree.js';
import {
  LimitTimelines,
  endOfSegment,
  firstExcess,
  indexAt,
  instantsIn,
  segmentAt,
  type Excess,
  type LimitTimeline,
  type Segment,
  type Window,
} from './limit-timeline.js';

/** When an allotment is checked: over its term that is not past; without an end at its start, or now (R2). */
export const windowOf = (term: Pick<Allotment, 'validFrom' | 'validUntil'>, now: Instant): Window => ({
  from: Math.max(term.validFrom, now),
  until: term.validUntil,
});

export const hasEnded = (term: Pick<Allotment, 'validUntil'>, now: Instant): boolean =>
  term.validUntil !== null && term.validUntil <= now;

/** The refusal of an allotment by R2, R4 or R5 if it were set now; `null`: it passes. */
export function checkAllotment(
  timelines: LimitTimelines,
  groupId: string,
  allotment: Allotment,
  now: Instant,
): SingleRefusal | null {
  const window = windowOf(allotment, now);
  const excess = firstExcess(timelines.own(groupId), timelines.above(groupId), window);
  if (excess) return beyondLimitAbove(timelines, groupId, allotment, excess);
  const overbooked = poolExcess(timelines, groupId, window);
  if (overbooked) return beyondPool(timelines, groupId, overbooked);
  return checkFeatures(timelines, groupId, allotment, window.from);
}

/** The refusal of the first of these allotments that would not pass; those that have ended are not checked. */
export function firstRefusal(
  timelines: LimitTimelines,
  groupId: string,
  allotments: readonly Allotment[],
  now: Instant,
): SingleRefusal | null {
  for (const allotment of allotments) {
    if (hasEnded(allotment, now)) continue;
    const refusal = checkAllotment(timelines, groupId, allotment, now);
    if (refusal) return refusal;
  }
  return null;
}

/** Whether all allotments of a group that have not ended would pass if they were set again now (R6). */
export function passes(timelines: LimitTimelines, groupId: string, now: Instant): boolean {
  const restriction = restrictionAt(timelines.state, groupId);
  return (
    restriction !== null &&
    restriction.allotments.every((a) => hasEnded(a, now) || !checkAllotment(timelines, groupId, a, now))
  );
}

/** The reserved pool a group takes its share from; `null`: none. */
export function poolAbove(state: ProjectState, groupId: string): string | null {
  const pool = nearestRestricted(state, parentOf(state, groupId));
  return pool !== null && restrictionAt(state, pool)!.poolMode === 'reserved' ? pool : null;
}

/** The first instant of the window at which a reserved pool has promised more than its limit of a resource of this group (R4). */
export function poolExcess(timelines: LimitTimelines, groupId: string, window: Window): Excess | null {
  const pool = poolAbove(timelines.state, groupId);
  if (pool === null) return null;
  const own = timelines.own(groupId);
  const promised = timelines.reserved(pool);
  const has = timelines.own(pool);
  for (const at of instantsIn(window, own, promised, has)) {
    const resource = RESOURCES.find(
      (r) =>
        segmentAt(own, at).units[r] !== 0 && exceeds(segmentAt(promised, at).units[r], segmentAt(has, at).units[r]),
    );
    if (resource) return { at, resource };
  }
  return null;
}

function checkFeatures(
  timelines: LimitTimelines,
  groupId: string,
  allotment: Allotment,
  at: Instant,
): SingleRefusal | null {
  const available = segmentAt(timelines.above(groupId), at).features;
  const missing = featureList(featureSet(allotment.features) & ~available)[0];
  if (!missing) return null;
  for (const id of pathOf(timelines.state, parentOf(timelines.state, groupId))) {
    if (restrictionAt(timelines.state, id) && !(segmentAt(timelines.own(id), at).features & featureSet([missing]))) {
      return {
        code: 'FEATURE_NOT_AVAILABLE',
        feature: missing,
        limitedBy: { groupId: id, name: nameOf(timelines.state, id) },
      };
    }
  }
  return {
    code: 'FEATURE_NOT_AVAILABLE',
    feature: missing,
    limitedBy: { groupId: null, name: nameOf(timelines.state, null) },
  };
}

function beyondLimitAbove(
  timelines: LimitTimelines,
  groupId: string,
  allotment: Allotment,
  excess: Excess,
): SingleRefusal {
  const { at, resource } = excess;
  const available = segmentAt(timelines.above(groupId), at).units[resource];
  const binding = bindingAbove(timelines, parentOf(timelines.state, groupId), excess);
  const timeline = binding === null ? timelines.capacity() : timelines.own(binding);
  const limitedBy = { groupId: binding, name: nameOf(timelines.state, binding) };
  const term = termOutside(timeline, at);
  if (term) {
    const ends = endOfSegment(timeline, term.from);
    // The term above is still to come: it is the start that binds, not the end.
    const start = term.from > at ? { validFrom: term.from } : {};
    return {
      code: 'PERIOD_OUTSIDE_PARENT',
      side: term.from > at ? 'start' : 'end',
      requestedUntil: allotment.validUntil,
      limitedBy: { ...limitedBy, limit: term.units[resource], validUntil: ends, ...start },
    };
  }
  const requested = segmentAt(timelines.own(groupId), at).units[resource];
  return limitExceeded({ at, resource }, requested, available, bindingAt(timeline, limitedBy, excess));
}

function beyondPool(timelines: LimitTimelines, groupId: string, excess: Excess): SingleRefusal {
  const { at, resource } = excess;
  const pool = poolAbove(timelines.state, groupId)!;
  const has = segmentAt(timelines.own(pool), at).units[resource];
  const requested = segmentAt(timelines.own(groupId), at).units[resource];
  const promised = segmentAt(timelines.reserved(pool), at).units[resource];
  // It is within the limits above (R2), so it is finite where the pool is.
  const available = leftBeside(has, minus(promised, requested!));
  const limitedBy = { groupId: pool, name: nameOf(timelines.state, pool) };
  return limitExceeded(excess, requested, available, bindingAt(timelines.own(pool), limitedBy, excess));
}

/** The units that others leave of a limit. It is exceeded, so it is finite. */
export const leftBeside = (limit: Limit, others: Limit): number => (others === null ? 0 : Math.max(0, limit! - others));

const limitExceeded = (excess: Excess, requested: Limit, available: Limit, limitedBy: Binding): SingleRefusal => ({
  code: 'LIMIT_EXCEEDED',
  resource: excess.resource,
  requested,
  available,
  limitedBy,
  at: excess.at,
});

/** The nearest of the group and its ancestors whose own limit is the least at the instant; `null`: the capacity. */
function bindingAbove(timelines: LimitTimelines, groupId: string | null, { at, resource }: Excess): string | null {
  const least = segmentAt(timelines.effective(groupId), at).units[resource];
  for (const id of pathOf(timelines.state, groupId)) {
    if (restrictionAt(timelines.state, id) && segmentAt(timelines.own(id), at).units[resource] === least) return id;
  }
  return null;
}

const bindingAt = (
  timeline: LimitTimeline,
  who: { groupId: string | null; name: string },
  excess: Excess,
): Binding => ({
  ...who,
  limit: segmentAt(timeline, excess.at).units[excess.resource],
  validUntil: endOfSegment(timeline, excess.at),
});

/** When nothing at all is in force at an instant: the term that ended before it, else the one that comes; `null`: none. */
function termOutside(timeline: LimitTimeline, at: Instant): Segment | null {
  const index = indexAt(timeline, at);
  if (!sameUnits(timeline[index]!.units, NO_UNITS)) return null;
  return timeline[index - 1] ?? timeline[index + 1] ?? null;
}

/** The name of a group; of the project where a limit is its capacity. */
export const nameOf = (state: ProjectState, groupId: string | null): string =>
  (groupId === null ? state.totals.project?.name : state.groups.get(groupId)?.name) ?? '';

/** The current limit of a group, or of the project, and until when it holds. */
export function bindingNow(
  timelines: LimitTimelines,
  groupId: string | null,
  resource: Resource,
  now: Instant,
): Binding {
  const timeline = groupId === null ? timelines.capacity() : timelines.own(groupId);
  return bindingAt(timeline, { groupId, name: nameOf(timelines.state, groupId) }, { at: now, resource });
}

/** The refusal by R1; `mobileApp: null` is unlimited. */
export const sipBelowMobile = (units: Units): SingleRefusal => ({
  code: 'SIP_BELOW_MOBILE',
  sipNumber: units.sip_number ?? 0,
  mobileApp: units.mobile_app,
});
