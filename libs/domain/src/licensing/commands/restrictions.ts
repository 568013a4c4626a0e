import type { Instant } from '../../decision.js';
import { featureList, featureSet } from '../../feature-set.js';
import { minus, sameUnits, sipCoversMobile } from '../../limits.js';
import { RESOURCES, type Limit, type Resource } from '../../words.js';
import { higherOf, loosenedFromBelow, placeSetFrom } from '../limits/authority.js';
import type { Change } from '../limits/cascade.js';
import { checkAllotment, hasEnded, nameOf, poolAbove, sipBelowMobile } from '../limits/checks.js';
import { covers } from '../limits/limit-timeline.js';
import type { AllotmentInput, ProjectCommandOf } from '../model/commands.js';
import type { Allotment, Place, RestrictionSettings } from '../model/events.js';
import type { CurrentRecorder } from '../model/recorder.js';
import type { ProjectRefusal } from '../model/refusals.js';
import {
  plainAllotment,
  restrictionAt,
  type AllotmentState,
  type ProjectState,
  type Restriction,
} from '../model/state.js';
import { changeOf, consequences } from './consequences.js';

type Refused = ProjectRefusal | null;

/** Replaces a group's restriction (R1 to R6). */
export function setRestriction(recorder: CurrentRecorder, command: ProjectCommandOf<'SetRestriction'>): Refused {
  const { groupId } = command;
  if (!recorder.state.groups.has(groupId)) return { code: 'NOT_FOUND', what: 'group', id: groupId };
  const known = recorder.state.restrictions.get(groupId);
  const resolved = resolveAllotments(known, command, recorder.at);
  if ('code' in resolved) return resolved;
  const { allotments } = resolved;
  const { enabled, poolMode, gracePeriodDays, reminder } = command;
  const settings: RestrictionSettings = { enabled, poolMode, gracePeriodDays, allotments, reminder };
  if (sameSettings(known, settings)) return null;

  const before = recorder.branch();
  const place = placeAfter(before, known, settings, command);
  recorder.record('RestrictionChanged', { groupId, ...settings, place });
  const change = changeOf(before, recorder);
  const fromAbove = loosenedFromBelow(change, groupId, command.authority);
  if (fromAbove) return fromAbove;
  if (enabled) {
    const toCheck = known?.enabled ? allotments.filter((allotment) => isChanged(known, allotment)) : allotments;
    const refusal = firstRefusal(change, groupId, toCheck);
    if (refusal) return refusal;
  }
  return consequences(recorder, change, { groupId, cascade: command.cascade, scope: scopeOf(change, groupId) });
}

/** Moves units between two restricted groups (R8). */
export function transferAllotments(
  recorder: CurrentRecorder,
  command: ProjectCommandOf<'TransferAllotments'>,
): Refused {
  const { fromGroupId, toGroupId, units, reason } = command;
  const refusal = checkTransfer(recorder.state, command);
  if (refusal) return refusal;
  const from = restrictionAt(recorder.state, fromGroupId)!;
  const to = restrictionAt(recorder.state, toGroupId)!;
  if (to.allotments.some(({ allotmentId }) => allotmentId.startsWith(`${command.newId}_`))) return null;

  const taken = takeNewestFirst(from, units);
  const short = RESOURCES.find((resource) => taken.missing[resource] > 0);
  if (short) return notEnough(recorder, fromGroupId, short, units[short]);
  const received = taken.pieces.map((piece, index) => ({
    ...piece,
    allotmentId: `${command.newId}_${index}`,
    features: [],
  }));
  const broken = [...taken.left, ...received].find((allotment) => !sipCoversMobile(allotment.units));
  if (broken) return sipBelowMobile(broken.units);

  const before = recorder.branch();
  const fromPlace = higherOf(before, placeSetFrom(before, fromGroupId, from.place), command.authority);
  const toPlace = higherOf(before, placeSetFrom(before, toGroupId, to.place), command.toAuthority);
  recorder.record('AllotmentsTransferred', {
    fromGroupId,
    toGroupId,
    units,
    reason,
    fromAllotments: taken.left.map(plainAllotment),
    toAllotments: [...to.allotments.map(plainAllotment), ...received],
    fromPlace,
    toPlace,
  });
  const change = changeOf(before, recorder);
  const fromAbove = loosenedFromBelow(change, toGroupId, command.toAuthority);
  if (fromAbove) return fromAbove;
  const notAtTarget = firstRefusal(change, toGroupId, received);
  if (notAtTarget) return notAtTarget;
  return consequences(recorder, change, { groupId: fromGroupId, cascade: command.cascade, scope: fromGroupId });
}

/**
 * The place a changed restriction is set from (R9). A disabled one bound nobody, so enabling it sets the place of the
 * caller; later the higher place stays. A changed reminder keeps the place, since it limits nobody.
 */
function placeAfter(
  state: ProjectState,
  known: Restriction | undefined,
  settings: RestrictionSettings,
  { groupId, authority }: ProjectCommandOf<'SetRestriction'>,
): Place | null {
  if (!known?.enabled) return authority;
  if (sameSettings(known, { ...settings, reminder: known.reminder })) return known.place;
  return higherOf(state, placeSetFrom(state, groupId, known.place), authority);
}

function firstRefusal(change: Change, groupId: string, allotments: readonly Allotment[]): Refused {
  for (const allotment of allotments) {
    if (hasEnded(allotment, change.now)) continue;
    const refusal = checkAllotment(change.after, groupId, allotment, change.now);
    if (refusal) return refusal;
  }
  return null;
}

/**
 * The group below which a changed restriction can affect others. An enabled one binds the groups below it; a disabled one
 * leaves them to the reserved pool above, if there is one.
 */
function scopeOf({ before, after, now }: Change, groupId: string): string | null {
  const was = restrictionAt(before.state, groupId);
  const is = restrictionAt(after.state, groupId);
  if (!is) return was ? poolAbove(after.state, groupId) : null;
  if (!was) return groupId;
  const newlyReserved = is.poolMode === 'reserved' && was.poolMode === 'shared';
  return newlyReserved || !covers(after.own(groupId), before.own(groupId), now) ? groupId : null;
}

type Resolved = { readonly allotments: readonly Allotment[] } | ProjectRefusal;

/** The requested allotments: known ones are found by id or, for a repeated request, by their content. */
function resolveAllotments(
  known: Restriction | undefined,
  command: ProjectCommandOf<'SetRestriction'>,
  now: Instant,
): Resolved {
  const named = new Set(command.allotments.map(({ allotmentId }) => allotmentId));
  const unclaimed = new Map(
    (known?.allotments ?? []).filter((a) => !named.has(a.allotmentId)).map((a) => [a.allotmentId, a]),
  );
  const allotments: Allotment[] = [];
  for (const [index, input] of command.allotments.entries()) {
    const newId = command.newIds[index]!;
    const current = input.allotmentId === null ? claim(unclaimed, input, newId) : find(known, input.allotmentId);
    const refusal = checkNamed(allotments, input, { index, current });
    if (refusal) return refusal;
    const allotment = allotmentOf(input, { current, newId, now });
    const malformed = current && sameAllotment(current, allotment) ? null : checkForm(allotment, index, now);
    if (malformed) return malformed;
    allotments.push(allotment);
  }
  return { allotments };
}

interface Slot {
  readonly current: AllotmentState | undefined;
  readonly newId: string;
  readonly now: Instant;
}

const allotmentOf = (input: AllotmentInput, { current, newId, now }: Slot): Allotment => ({
  allotmentId: current?.allotmentId ?? newId,
  type: input.type,
  units: input.units,
  features: featureList(featureSet(input.features)),
  validFrom: input.validFrom ?? current?.validFrom ?? now,
  validUntil: input.validUntil,
});

function checkNamed(
  before: readonly Allotment[],
  { allotmentId }: AllotmentInput,
  { index, current }: { index: number; current: AllotmentState | undefined },
): Refused {
  if (allotmentId === null) return null;
  if (!current) return { code: 'NOT_FOUND', what: 'allotment', id: allotmentId };
  const twice = before.some((allotment) => allotment.allotmentId === allotmentId);
  const field = `allotments[${index}].allotmentId`;
  return twice ? { code: 'VALIDATION', field, message: 'names an allotment that is named before' } : null;
}

const find = (known: Restriction | undefined, allotmentId: string): AllotmentState | undefined =>
  known?.allotments.find((allotment) => allotment.allotmentId === allotmentId);

function claim(
  unclaimed: Map<string, AllotmentState>,
  input: AllotmentInput,
  newId: string,
): AllotmentState | undefined {
  const features = featureSet(input.features);
  const alike = (allotment: AllotmentState): boolean =>
    allotment.type === input.type &&
    sameUnits(allotment.units, input.units) &&
    featureSet(allotment.features) === features &&
    allotment.validUntil === input.validUntil &&
    (input.validFrom === null || input.validFrom === allotment.validFrom);
  const claimed = unclaimed.get(newId) ?? [...unclaimed.values()].find(alike);
  if (claimed) unclaimed.delete(claimed.allotmentId);
  return claimed;
}

function checkForm(allotment: Allotment, index: number, now: Instant): Refused {
  const field = `allotments[${index}].validUntil`;
  if (allotment.validUntil !== null && allotment.validUntil <= allotment.validFrom) {
    return { code: 'VALIDATION', field, message: 'must be after validFrom' };
  }
  if (hasEnded(allotment, now)) return { code: 'VALIDATION', field, message: 'must be in the future' };
  return sipCoversMobile(allotment.units) ? null : sipBelowMobile(allotment.units);
}

const sameAllotment = (a: Allotment, b: Allotment): boolean =>
  a.type === b.type &&
  sameUnits(a.units, b.units) &&
  featureSet(a.features) === featureSet(b.features) &&
  a.validFrom === b.validFrom &&
  a.validUntil === b.validUntil;

const isChanged = (known: Restriction, allotment: Allotment): boolean => {
  const current = find(known, allotment.allotmentId);
  return !current || !sameAllotment(current, allotment);
};

function sameSettings(known: Restriction | undefined, settings: RestrictionSettings): boolean {
  if (!known) return !settings.enabled && settings.allotments.length === 0 && settings.reminder === null;
  return (
    known.enabled === settings.enabled &&
    known.poolMode === settings.poolMode &&
    known.gracePeriodDays === settings.gracePeriodDays &&
    JSON.stringify(known.reminder) === JSON.stringify(settings.reminder) &&
    known.allotments.length === settings.allotments.length &&
    settings.allotments.every((allotment) => !isChanged(known, allotment))
  );
}

function checkTransfer(state: ProjectState, command: ProjectCommandOf<'TransferAllotments'>): Refused {
  const { fromGroupId, toGroupId, units } = command;
  for (const [field, groupId] of [
    ['fromGroupId', fromGroupId],
    ['toGroupId', toGroupId],
  ] as const) {
    if (!state.groups.has(groupId)) return { code: 'NOT_FOUND', what: 'group', id: groupId };
    if (!restrictionAt(state, groupId))
      return { code: 'VALIDATION', field, message: 'is a group without a restriction' };
  }
  if (fromGroupId === toGroupId) return { code: 'VALIDATION', field: 'toGroupId', message: 'must be another group' };
  if (RESOURCES.every((resource) => units[resource] === 0)) {
    return { code: 'VALIDATION', field: 'units', message: 'must name at least one unit' };
  }
  return null;
}

interface Taken {
  /** The source's allotments afterwards, in their order. */
  readonly left: readonly Allotment[];
  /** The units taken from each. */
  readonly pieces: readonly Allotment[];
  readonly missing: Readonly<Record<Resource, number>>;
}

function takeNewestFirst(from: Restriction, units: Readonly<Record<Resource, number>>): Taken {
  const missing = { ...units };
  const left = new Map<string, Allotment>(from.allotments.map((allotment) => [allotment.allotmentId, allotment]));
  const pieces: Allotment[] = [];
  const inForce = from.allotments.filter(({ phase }) => phase === 'active').sort((a, b) => b.sequence - a.sequence);
  for (const allotment of inForce) {
    const piece = { sip_number: 0, mobile_app: 0, ukey2: 0 };
    const rest: Record<Resource, Limit> = { ...allotment.units };
    for (const resource of RESOURCES) {
      const has = allotment.units[resource];
      piece[resource] = has === null ? missing[resource] : Math.min(has, missing[resource]);
      missing[resource] -= piece[resource];
      rest[resource] = minus(has, piece[resource]);
    }
    if (RESOURCES.every((resource) => piece[resource] === 0)) continue;
    left.set(allotment.allotmentId, { ...allotment, units: rest });
    pieces.push({ ...plainAllotment(allotment), units: piece });
  }
  return { left: [...left.values()], pieces, missing };
}

function notEnough(recorder: CurrentRecorder, groupId: string, resource: Resource, requested: number): ProjectRefusal {
  const available = restrictionAt(recorder.state, groupId)!.own[resource];
  return {
    code: 'LIMIT_EXCEEDED',
    resource,
    requested,
    available,
    limitedBy: { groupId, name: nameOf(recorder.state, groupId), limit: available, validUntil: null },
    at: recorder.at,
  };
}
