import type { Place } from '../model/events.js';
import { zoneOf } from '../model/phases.js';
import type { NamedPlace, ProjectRefusal } from '../model/refusals.js';
import { parentOf, restrictionAt, type LicenseState, type ProjectState } from '../model/state.js';
import { pathOf } from '../model/tree.js';
import type { Change } from './cascade.js';
import { nameOf } from './checks.js';
import { covers, keepingTimeline } from './limit-timeline.js';

/** Server administrators: everything lies below them. */
export const VENDOR: Place = { kind: 'vendor' };

/**
 * Whether an authority at a project is a place or lies above it. An authority is always above the group it acts at, so a
 * partner's covers every group. The tenant is above every partner in it. A group that is gone counts as the root: nobody
 * gets past a place by having it removed.
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
      const root = state.totals.project?.projectId ?? null;
      const path = pathOf(state, state.groups.has(place.groupId) ? place.groupId : root);
      return [...path].includes(authority.groupId);
    }
  }
}

/** The higher of a known place and an authority; the known one where neither lies above the other. */
export const higherOf = (state: ProjectState, known: Place, authority: Place): Place =>
  isAtOrAbove(state, authority, known) ? authority : known;

/**
 * From where a restriction or a person's limits at a group were set (R9). Where it was not recorded, from right
 * above: the parent of the group, or of the root the partner. So an administrator of the group alone cannot loosen what
 * may have been meant for it, and whoever administers the groups around it still can.
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

/** From where a license was issued (L4): a trial by the vendor, any other by the partner whose package it is. */
export const placeIssuedFrom = ({ source }: Pick<LicenseState, 'source'>): Place =>
  source.kind === 'package' ? { kind: 'partner', partnerId: source.partnerId } : VENDOR;

export const setFromAbove = (state: ProjectState, groupId: string, place: Place): ProjectRefusal => ({
  code: 'SET_FROM_ABOVE',
  groupId,
  place: named(state, place),
});

/** A place as a refusal names it. */
export const named = (state: ProjectState, place: Place): NamedPlace =>
  place.kind === 'group' ? { ...place, name: nameOf(state, place.groupId) } : place;

/** R9: who holds the permission only below the place a restriction was set from may tighten it, not loosen it. */
export function loosenedFromBelow(
  { before, after, now }: Change,
  groupId: string,
  authority: Place,
): ProjectRefusal | null {
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
