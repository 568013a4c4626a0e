import { eachResource, eachUnit, minus, sipCoversMobile } from '../../limits.js';
import { RESOURCES, type Resource } from '../../words.js';
import { higherOf, loosenedFromBelow, placeSetFrom } from '../limits/authority.js';
import { firstRefusal, nameOf, sipBelowMobile } from '../limits/checks.js';
import type { ProjectCommandOf } from '../model/commands.js';
import type { Allotment } from '../model/events.js';
import type { CurrentRecorder } from '../model/recorder.js';
import type { SingleRefusal } from '../model/refusals.js';
import type { Restriction } from '../model/facts.js';
import { plainAllotment, restrictionAt, type ProjectState } from '../model/state.js';
import { changeOf, consequences } from './consequences.js';

type Refused = SingleRefusal | null;

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
  const notAtTarget = firstRefusal(change.after, toGroupId, received, change.now);
  if (notAtTarget) return notAtTarget;
  return consequences(recorder, change, { groupId: fromGroupId, cascade: command.cascade });
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
    const { units: has } = allotment;
    const piece = eachResource((resource) => Math.min(has[resource] ?? Infinity, missing[resource]));
    if (RESOURCES.every((resource) => piece[resource] === 0)) continue;
    for (const resource of RESOURCES) missing[resource] -= piece[resource];
    const rest = eachUnit((resource) => minus(has[resource], piece[resource]));
    left.set(allotment.allotmentId, { ...allotment, units: rest });
    pieces.push({ ...plainAllotment(allotment), units: piece });
  }
  return { left: [...left.values()], pieces, missing };
}

function notEnough(recorder: CurrentRecorder, groupId: string, resource: Resource, requested: number): SingleRefusal {
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
