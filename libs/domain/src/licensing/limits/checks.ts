import type { Instant } from '../../decision.js';
import { featureSet, featureList } from '../../feature-set.js';
import { exceeds, minus, sameUnits, NO_UNITS } from '../../limits.js';
import { RESOURCES, type Limit, type Resource } from '../../words.js';
import type { Allotment } from '../model/events.js';
import {
  endOfSegment,
  firstExcess,
  indexAt,
  instantsIn,
  segmentAt,
  type Envelope,
  type Envelopes,
  type Excess,
  type Segment,
  type Window,
} from './limit-timeline.js';
import type { Binding, ProjectRefusal } from '../model/refusals.js';
import { nearestRestricted, parentOf, pathOf, restrictionAt, type ProjectState } from '../model/state.js';

/** When an allotment is checked: over its term that is not past; without an end at its start, or now (R2). */
export const windowOf = (term: Pick<Allotment, 'validFrom' | 'validUntil'>, now: Instant): Window => ({
  from: Math.max(term.validFrom, now),
  until: term.validUntil,
});

export const hasEnded = (term: Pick<Allotment, 'validUntil'>, now: Instant): boolean =>
  term.validUntil !== null && term.validUntil <= now;

/** Why an allotment of a restricted group, put now, would not pass R2, R4 and R5; `null`: it would. */
export function checkAllotment(
  envelopes: Envelopes,
  groupId: string,
  allotment: Allotment,
  now: Instant,
): ProjectRefusal | null {
  const window = windowOf(allotment, now);
  const excess = firstExcess(envelopes.own(groupId), envelopes.above(groupId), window);
  if (excess) return beyondLimitAbove(envelopes, groupId, allotment, excess);
  const overbooked = poolExcess(envelopes, groupId, window);
  if (overbooked) return beyondPool(envelopes, groupId, overbooked);
  return checkFeatures(envelopes, groupId, allotment, window.from);
}

/** Whether all allotments of a group that have not ended, put again now, would pass (R6). */
export function passes(envelopes: Envelopes, groupId: string, now: Instant): boolean {
  const restriction = restrictionAt(envelopes.state, groupId);
  return (
    restriction !== null &&
    restriction.allotments.every((a) => hasEnded(a, now) || !checkAllotment(envelopes, groupId, a, now))
  );
}

/** The reserved pool a group takes its share from; `null`: none. */
export function poolAbove(state: ProjectState, groupId: string): string | null {
  const pool = nearestRestricted(state, parentOf(state, groupId));
  return pool !== null && restrictionAt(state, pool)!.poolMode === 'reserved' ? pool : null;
}

/** The first instant of the window at which the pool has promised more than it has, of something this group takes (R4). */
export function poolExcess(envelopes: Envelopes, groupId: string, window: Window): Excess | null {
  const pool = poolAbove(envelopes.state, groupId);
  if (pool === null) return null;
  const own = envelopes.own(groupId);
  const promised = envelopes.reserved(pool);
  const has = envelopes.own(pool);
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
  envelopes: Envelopes,
  groupId: string,
  allotment: Allotment,
  at: Instant,
): ProjectRefusal | null {
  const available = segmentAt(envelopes.above(groupId), at).features;
  const missing = featureList(featureSet(allotment.features) & ~available)[0];
  if (!missing) return null;
  for (const id of pathOf(envelopes.state, parentOf(envelopes.state, groupId))) {
    if (restrictionAt(envelopes.state, id) && !(segmentAt(envelopes.own(id), at).features & featureSet([missing]))) {
      return {
        code: 'FEATURE_NOT_AVAILABLE',
        feature: missing,
        limitedBy: { groupId: id, name: nameOf(envelopes.state, id) },
      };
    }
  }
  return {
    code: 'FEATURE_NOT_AVAILABLE',
    feature: missing,
    limitedBy: { groupId: null, name: nameOf(envelopes.state, null) },
  };
}

function beyondLimitAbove(envelopes: Envelopes, groupId: string, allotment: Allotment, excess: Excess): ProjectRefusal {
  const { at, resource } = excess;
  const available = segmentAt(envelopes.above(groupId), at).units[resource];
  const binding = bindingAbove(envelopes, parentOf(envelopes.state, groupId), excess);
  const envelope = binding === null ? envelopes.capacity() : envelopes.own(binding);
  const limitedBy = { groupId: binding, name: nameOf(envelopes.state, binding) };
  const term = termOutside(envelope, at);
  if (term) {
    const ends = endOfSegment(envelope, term.from);
    // The term above is still to come: it is the start that binds, not the end.
    const start = term.from > at ? { validFrom: term.from } : {};
    return {
      code: 'PERIOD_OUTSIDE_PARENT',
      side: term.from > at ? 'start' : 'end',
      requestedUntil: allotment.validUntil,
      limitedBy: { ...limitedBy, limit: term.units[resource], validUntil: ends, ...start },
    };
  }
  const requested = segmentAt(envelopes.own(groupId), at).units[resource];
  return limitExceeded({ at, resource }, requested, available, bindingAt(envelope, limitedBy, excess));
}

function beyondPool(envelopes: Envelopes, groupId: string, excess: Excess): ProjectRefusal {
  const { at, resource } = excess;
  const pool = poolAbove(envelopes.state, groupId)!;
  const has = segmentAt(envelopes.own(pool), at).units[resource];
  const requested = segmentAt(envelopes.own(groupId), at).units[resource];
  const promised = segmentAt(envelopes.reserved(pool), at).units[resource];
  const others = promised === null || requested === null ? null : promised - requested;
  const available = others === null ? 0 : Math.max(0, minus(has, others) ?? 0);
  const limitedBy = { groupId: pool, name: nameOf(envelopes.state, pool) };
  return limitExceeded(excess, requested, available, bindingAt(envelopes.own(pool), limitedBy, excess));
}

const limitExceeded = (excess: Excess, requested: Limit, available: Limit, limitedBy: Binding): ProjectRefusal => ({
  code: 'LIMIT_EXCEEDED',
  resource: excess.resource,
  requested,
  available,
  limitedBy,
  at: excess.at,
});

/** The nearest of the group and its ancestors whose own limit is the least at the instant; `null`: the capacity. */
function bindingAbove(envelopes: Envelopes, groupId: string | null, { at, resource }: Excess): string | null {
  const least = segmentAt(envelopes.effective(groupId), at).units[resource];
  for (const id of pathOf(envelopes.state, groupId)) {
    if (restrictionAt(envelopes.state, id) && segmentAt(envelopes.own(id), at).units[resource] === least) return id;
  }
  return null;
}

const bindingAt = (envelope: Envelope, who: { groupId: string | null; name: string }, excess: Excess): Binding => ({
  ...who,
  limit: segmentAt(envelope, excess.at).units[excess.resource],
  validUntil: endOfSegment(envelope, excess.at),
});

/** When nothing at all is in force at an instant: the term that ended before it, else the one that comes; `null`: none. */
function termOutside(envelope: Envelope, at: Instant): Segment | null {
  const index = indexAt(envelope, at);
  if (!sameUnits(envelope[index]!.units, NO_UNITS)) return null;
  return envelope[index - 1] ?? envelope[index + 1] ?? null;
}

/** The name of a group; of the project where a limit is its capacity. */
export const nameOf = (state: ProjectState, groupId: string | null): string =>
  (groupId === null ? state.whole.project?.name : state.groups.get(groupId)?.name) ?? '';

/** What the limit of a group, or of the project, is now and until when it stays so. */
export function bindingNow(envelopes: Envelopes, groupId: string | null, resource: Resource, now: Instant): Binding {
  const envelope = groupId === null ? envelopes.capacity() : envelopes.own(groupId);
  return bindingAt(envelope, { groupId, name: nameOf(envelopes.state, groupId) }, { at: now, resource });
}
