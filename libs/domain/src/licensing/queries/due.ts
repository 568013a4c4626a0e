import type { Instant } from '../../decision.js';
import type { Reminder } from '../../words.js';
import { dueInstantsOf, graceOf, NO_GRACE, type DueInstant } from '../model/phases.js';
import type { DueKey } from '../model/schedule.js';
import { restrictionAt, rootOf, type ProjectState } from '../model/state.js';
import { pathOf } from '../model/tree.js';
import { usageOf } from '../model/usage.js';

/** Something that becomes due by time alone. */
export interface DueTerm extends DueInstant {
  /** The allotment; `null`: the license that was asked for. */
  readonly allotmentId: string | null;
}

/**
 * The instants that are still to come of a license or of the allotments of a group (E1); `nextDueAt` is the earliest of the
 * project. Unknown or revoked licenses, unknown groups and disabled restrictions have none.
 */
export function dueOf(state: ProjectState, key: DueKey): readonly DueTerm[] {
  const terms = 'licenseId' in key ? dueOfLicense(state, key.licenseId) : dueOfGroup(state, key.groupId);
  return terms.filter(({ at }) => at > state.totals.now);
}

function dueOfLicense(state: ProjectState, licenseId: string): DueTerm[] {
  const license = state.licenses.get(licenseId);
  if (!license || license.revokedReason !== null) return [];
  return dueInstantsOf(license, NO_GRACE).map((due) => ({ ...due, allotmentId: null }));
}

function dueOfGroup(state: ProjectState, groupId: string): DueTerm[] {
  const restriction = restrictionAt(state, groupId);
  if (!restriction) return [];
  const grace = graceOf(state, restriction);
  return restriction.allotments.flatMap((allotment) =>
    dueInstantsOf(allotment, grace).map((due) => ({ ...due, allotmentId: allotment.allotmentId })),
  );
}

/** When the current billing period ends; `null`: there is none. */
export const periodEndOf = (state: ProjectState): Instant | null => state.totals.billing?.period?.until ?? null;

/**
 * The reminder that announces ends to a group (E2); `null`: it wants none. A group without limits is announced the ends of
 * licenses if it is the main group, and nothing else.
 */
export function reminderOf(state: ProjectState, groupId: string): Reminder | null {
  const restriction = state.restrictions.get(groupId);
  return restriction && (restriction.enabled || groupId === rootOf(state)) ? restriction.reminder : null;
}

/** The group and the groups below it that have a reminder: what ends for one may end for all of them (E5). */
export function* remindedFrom(state: ProjectState, top: string): Generator<string> {
  if (top === rootOf(state)) {
    // In the order of the table, which is much faster than walking the tree.
    for (const [groupId] of state.restrictions.entries()) if (reminderOf(state, groupId)) yield groupId;
    return;
  }
  const waiting = [top];
  for (let groupId = waiting.pop(); groupId !== undefined; groupId = waiting.pop()) {
    if (reminderOf(state, groupId)) yield groupId;
    if (usageOf(state, groupId).restrictedBelow > 0) waiting.push(...(state.groups.get(groupId)?.children ?? []));
  }
}

/** Ends that are still to come, each with the earliest start of the terms that end then. */
export type EndsAhead = ReadonlyMap<Instant, Instant>;

/**
 * The ends that may have to be announced to a group: of its own terms, of those above it, and of the licenses (E5). Which of
 * them count is decided when a reminder is due (`EndsInEffect`). Licenses are looked at once for all groups.
 */
export function endsAheadIn(state: ProjectState): (groupId: string) => EndsAhead {
  const { now } = state.totals;
  const ofLicenses = new Map<Instant, Instant>();
  for (const [, license] of state.licenses.entries())
    if (license.revokedReason === null) addEnd(ofLicenses, license, now);
  return (groupId) => {
    const ends = new Map(ofLicenses);
    for (const id of pathOf(state, groupId))
      for (const allotment of restrictionAt(state, id)?.allotments ?? []) addEnd(ends, allotment, now);
    return ends;
  };
}

interface Ending {
  readonly validFrom: Instant;
  readonly validUntil: Instant | null;
}

function addEnd(ends: Map<Instant, Instant>, { validFrom, validUntil }: Ending, now: Instant): void {
  if (validUntil === null || validUntil <= now) return;
  ends.set(validUntil, Math.min(validFrom, ends.get(validUntil) ?? validFrom));
}
