import { atOnce, PAUSE_EVERY, type Slices } from '../../slices.js';
import { authorityAmong, higherOf, loosenedFromBelow, placeSetFrom } from '../limits/authority.js';
import { firstRefusal } from '../limits/checks.js';
import type { Change } from '../limits/cascade.js';
import type { ProjectCommandOf, RestrictionInput } from '../model/commands.js';
import type { Allotment, Place } from '../model/events.js';
import type { CurrentRecorder } from '../model/recorder.js';
import type { BatchRefusal, RefusedItem, SingleRefusal } from '../model/refusals.js';
import type { ProjectState } from '../model/state.js';
import { pathOf } from '../model/tree.js';
import { settleUse } from '../time/use.js';
import { isChanged, resolveAllotments, sameSettings } from './allotment-inputs.js';
import { namedTwice, refuseItems, repeated } from './batches.js';
import { changeOf } from './consequences.js';
import { groupNotFound } from './groups.js';
import { clampAround, Losses, type RestrictionChange } from './restriction-losses.js';

/** Replaces a group's restriction (R1 to R6). */
export function setRestriction(
  recorder: CurrentRecorder,
  command: ProjectCommandOf<'SetRestriction'>,
): SingleRefusal | null {
  const item = changeFor(recorder, command, { index: 0, authority: command.authority });
  if ('code' in item) return item;
  return atOnce(applyAll(recorder, [item], command.cascade))[0]?.refusal ?? null;
}

/** Replaces the restrictions of many groups (R1 to R6); each is checked once, on the state after all of them. */
export const setRestrictions = (
  recorder: CurrentRecorder,
  command: ProjectCommandOf<'SetRestrictions'>,
): BatchRefusal | null => atOnce(setRestrictionsInSlices(recorder, command));

/** The same in slices. */
export function* setRestrictionsInSlices(
  recorder: CurrentRecorder,
  { restrictions, cascade, authorities }: ProjectCommandOf<'SetRestrictions'>,
): Slices<BatchRefusal | null> {
  const { state } = recorder;
  const authorityAt = authorityAmong(state, authorities);
  const twice = repeated(restrictions.map(({ groupId }) => groupId));
  const refused: RefusedItem[] = [];
  const items: RestrictionChange[] = [];
  for (const [index, input] of restrictions.entries()) {
    if (index % PAUSE_EVERY === 0) yield;
    const authority = authorityAt(input.groupId);
    const item = twice.has(input.groupId) ? namedTwice('groupId') : changeFor(recorder, input, { index, authority });
    if ('code' in item) refused.push({ index, refusal: item });
    else items.push(item);
  }
  const unclear = new Set(refused.map(({ index }) => restrictions[index]!.groupId).filter((id) => authorityAt(id)));
  const ordered = yield* inTreeOrder(state, notBelow(state, unclear, items));
  return refuseItems([...refused, ...(yield* applyAll(recorder, ordered, cascade))]);
}

/** Limits that are not known yet say nothing about the groups below them. */
const notBelow = (state: ProjectState, unclear: ReadonlySet<string>, items: readonly RestrictionChange[]) =>
  unclear.size === 0
    ? items
    : items.filter(({ groupId }) => ![...pathOf(state, groupId)].some((id) => unclear.has(id)));

/** From the top down: events and the order of creation of allotments do not depend on the order of the list. */
function* inTreeOrder(state: ProjectState, items: readonly RestrictionChange[]): Slices<RestrictionChange[]> {
  const depths = new Map<string, number>();
  for (const [place, { groupId }] of items.entries()) {
    if (place % PAUSE_EVERY === 0) yield;
    depths.set(groupId, [...pathOf(state, groupId)].length);
  }
  const depth = ({ groupId }: RestrictionChange): number => depths.get(groupId)!;
  return [...items].sort((a, b) => depth(a) - depth(b) || (a.groupId < b.groupId ? -1 : 1));
}

function changeFor(
  { state, at }: CurrentRecorder,
  input: RestrictionInput,
  { index, authority }: { readonly index: number; readonly authority: Place | null },
): RestrictionChange | SingleRefusal {
  const { groupId, enabled, poolMode, gracePeriodDays, reminder } = input;
  if (!authority || !state.groups.has(groupId)) return groupNotFound(groupId);
  const known = state.restrictions.get(groupId);
  const resolved = resolveAllotments(known, input, at);
  if ('code' in resolved) return resolved;
  const settings = { enabled, poolMode, gracePeriodDays, allotments: resolved.allotments, reminder };
  return { index, groupId, authority, known, settings };
}

/** Records the changes and their effects, from the top down; returns what is refused, by which nothing is to be recorded. */
function* applyAll(
  recorder: CurrentRecorder,
  items: readonly RestrictionChange[],
  cascade: boolean,
): Slices<RefusedItem[]> {
  const changed = items.filter(({ known, settings }) => !sameSettings(known, settings));
  if (changed.length === 0) return [];
  const before = recorder.branch();
  for (const item of changed) {
    const { groupId, settings } = item;
    recorder.record('RestrictionChanged', { groupId, ...settings, place: placeAfter(before, item) });
  }
  yield* recorder.catchUp();
  const asNamed = { change: changeOf(before, recorder), items, changed };
  const clamped = cascade ? yield* clampAround(recorder, asNamed) : [];
  const change = clamped.length > 0 ? changeOf(before, recorder) : asNamed.change;
  const losses = yield* Losses.of({ ...asNamed, change });
  const byRules: RefusedItem[] = [];
  for (const [place, item] of items.entries()) {
    if (place % PAUSE_EVERY === 0) yield;
    const refusal = refusalOf(change, item, losses.affected.has(item.groupId));
    if (refusal) byRules.push({ index: item.index, refusal });
  }
  yield;
  if (cascade) {
    settleUse(recorder, { groups: [...changed.map(({ groupId }) => groupId), ...clamped], capacity: false });
    return byRules;
  }
  losses.settle(recorder);
  const named = new Set(byRules.map(({ index }) => index));
  return [...byRules, ...losses.refusals().filter(({ index }) => !named.has(index))];
}

/** @param isAffected the limits above took something from the allotments that stay as they were (R6) */
function refusalOf(change: Change, item: RestrictionChange, isAffected: boolean): SingleRefusal | null {
  const { groupId, authority, known, settings } = item;
  const fromAbove = loosenedFromBelow(change, groupId, authority);
  if (fromAbove || !settings.enabled) return fromAbove;
  const unchecked = known?.enabled && !isAffected;
  const toCheck = unchecked
    ? settings.allotments.filter((one: Allotment) => isChanged(known, one))
    : settings.allotments;
  return firstRefusal(change.after, groupId, toCheck, change.now);
}

/**
 * The place a changed restriction is set from (R9). A disabled one bound nobody, so enabling it sets the place of the
 * caller; later the higher place stays. A changed reminder keeps the place, since it limits nobody.
 */
function placeAfter(state: ProjectState, { groupId, known, settings, authority }: RestrictionChange): Place | null {
  if (!known?.enabled) return authority;
  if (sameSettings(known, { ...settings, reminder: known.reminder })) return known.place;
  return higherOf(state, placeSetFrom(state, groupId, known.place), authority);
}
