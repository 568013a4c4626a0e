import type { Place } from '../model/events.js';
import { zoneOf } from '../model/phases.js';
import type { NamedPlace, SingleRefusal } from '../model/refusals.js';
import type { LicenseState } from '../model/facts.js';
import { parentOf, restrictionAt, rootOf, type ProjectState } from '../model/state.js';
import { pathOf } from '../model/tree.js';
import type { Change } from './cascade.js';
import { nameOf } from './checks.js';
import { covers, keepingTimeline } from './limit-timeline.js';

/** The place of server administrators, above every other. */
export const VENDOR: Place = { kind: 'vendor' };

/**
 * Whether an authority at a project is a place or lies above it. An authority is always above the group it acts at, so a
 * partner's covers every group. The tenant is above every partner in it. A removed group counts as the root, so that
 * removing a group lifts no limit.
 */
export function isAtOrAbove(state: ProjectState, authority: Place, place: Place): boolean {
  switch (authority.kind) {
    case 'vendor':
      return true;
    case 'partner': {
      const isTenant = authority.partnerId === state.totals.project?.tenantId;
      return (
        place.kind === 'group' || (place.kind === 'partner' && (isTenant || place.partnerId === authority.partnerId))
      );
    }
    case 'group': {
      if (place.kind !== 'group') return false;
      const path = pathOf(state, state.groups.has(place.groupId) ? place.groupId : rootOf(state));
      return [...path].includes(authority.groupId);
    }
  }
}

/** The higher of a known place and an authority; the known one where neither lies above the other. */
export const higherOf = (state: ProjectState, known: Place, authority: Place): Place =>
  isAtOrAbove(state, authority, known) ? authority : known;

/** The highest of a caller's authorities at a group; `null`: none of them reaches it, so the caller must not see it. */
export type AuthorityAt = (groupId: string) => Place | null;

export function authorityAmong(state: ProjectState, authorities: readonly Place[]): AuthorityAt {
  const aboveAll = authorities
    .filter(({ kind }) => kind !== 'group')
    .reduce<Place | null>((highest, place) => (highest ? higherOf(state, highest, place) : place), null);
  const groups = new Set(authorities.flatMap((place) => (place.kind === 'group' ? [place.groupId] : [])));
  return (groupId) => {
    if (aboveAll) return aboveAll;
    const highest = [...pathOf(state, groupId)].findLast((id) => groups.has(id));
    return highest === undefined ? null : { kind: 'group', groupId: highest };
  };
}

/**
 * The place a restriction or a member's limits at a group were set from (R9). If it was not recorded: right above, which
 * is the parent of the group, or the partner for the root. So an administrator of the group alone cannot loosen it, and
 * administrators of the group above still can.
 */
export function placeSetFrom(state: ProjectState, groupId: string, recorded: Place | null): Place {
  if (recorded) return recorded;
  const parentId = parentOf(state, groupId);
  return parentId === null ? partnerOf(state) : { kind: 'group', groupId: parentId };
}

const partnerOf = (state: ProjectState): Place => ({
  kind: 'partner',
  partnerId: state.totals.project?.partnerId ?? '',
});

/** The place a license was issued from (L4): the vendor for a trial, else the partner that owns the package. */
export const placeIssuedFrom = ({ source }: Pick<LicenseState, 'source'>): Place =>
  source.kind === 'package' ? { kind: 'partner', partnerId: source.partnerId } : VENDOR;

export const setFromAbove = (state: ProjectState, groupId: string, place: Place): SingleRefusal => ({
  code: 'SET_FROM_ABOVE',
  groupId,
  place: named(state, place),
});

/** A place as a refusal names it. */
export const named = (state: ProjectState, place: Place): NamedPlace =>
  place.kind === 'group' ? { ...place, name: nameOf(state, place.groupId) } : place;

/** R9: a caller who holds the permission only below the place a restriction was set from can tighten it, not loosen it. */
export function loosenedFromBelow(
  { before, after, now }: Change,
  groupId: string,
  authority: Place,
): SingleRefusal | null {
  const was = restrictionAt(before.state, groupId);
  if (!was) return null;
  const place = placeSetFrom(before.state, groupId, was.place);
  if (isAtOrAbove(before.state, authority, place)) return null;
  const is = restrictionAt(after.state, groupId);
  const zone = zoneOf(after.state);
  const isTighter =
    is !== null &&
    is.gracePeriodDays <= was.gracePeriodDays &&
    !(was.poolMode === 'reserved' && is.poolMode === 'shared') &&
    covers(before.own(groupId), after.own(groupId), now) &&
    covers(keepingTimeline(was, zone), keepingTimeline(is, zone), now);
  return isTighter ? null : setFromAbove(before.state, groupId, place);
}
