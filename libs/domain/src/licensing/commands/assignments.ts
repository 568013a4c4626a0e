import type { Instant } from '../../decision.js';
import { exceeds } from '../../limits.js';
import { refuseName, tidyName } from '../../names.js';
import type { Limit, Resource } from '../../words.js';
import { tightestLimit } from '../limits/availability.js';
import { bindingNow } from '../limits/checks.js';
import { LimitTimelines } from '../limits/limit-timeline.js';
import { memberAvailability } from '../limits/member-limits.js';
import type { ProjectCommandOf } from '../model/commands.js';
import type { CurrentRecorder } from '../model/recorder.js';
import type { SingleRefusal } from '../model/refusals.js';
import type { Assignment } from '../model/facts.js';
import { restrictionAt, type CurrentState } from '../model/state.js';
import { levelsOf } from '../model/tree.js';
import { refOf, reinstateFitting } from '../time/use.js';
import { externalIdFault, factOfExternalId, namedExternalId } from './external-ids.js';

type Refused = SingleRefusal | null;

/** The stored form of a label; `null`: none. */
export const tidyLabel = (label: string | null): string | null => (label === null ? null : tidyName(label));

/** Puts one unit in use at a group (U1, U2). Idempotent by assignment id. Costs the depth of the group. */
export function assignUnit(recorder: CurrentRecorder, command: ProjectCommandOf<'AssignUnit'>): Refused {
  const { assignmentId, groupId, resource, holder } = command;
  const label = tidyLabel(command.label);
  const { state } = recorder;
  if (state.assignments.has(assignmentId)) return null;
  const unnamed = refuseName('label', label);
  if (unnamed) return unnamed.refusal;
  if (!state.groups.has(groupId)) return { code: 'NOT_FOUND', what: 'group', id: groupId };
  const externalId = namedExternalId(command.externalId);
  const refusal = refusalOfUnit(recorder, command, externalId);
  if (refusal) return refusal;
  const number = numberFor(state, command);
  if (number && 'code' in number) return number;
  const sipAssignmentId = number?.assignmentId ?? null;
  const made = { assignmentId, groupId, resource, label, holder, sipAssignmentId };
  recorder.record('AssignmentMade', { ...made, ...factOfExternalId(externalId) });
  return null;
}

const refusalOfUnit = (
  recorder: CurrentRecorder,
  command: ProjectCommandOf<'AssignUnit'>,
  externalId: string | null,
): Refused =>
  checkHolderAvailability(recorder, command) ??
  checkAvailability(recorder, command.groupId, command.resource) ??
  externalIdFault(recorder.state, 'assignment', externalId);

/** Releases a unit; suspended assignments that now fit return (U2, U3). */
export function releaseAssignment(recorder: CurrentRecorder, command: ProjectCommandOf<'ReleaseAssignment'>): Refused {
  const assignment = recorder.state.assignments.get(command.assignmentId);
  if (!assignment || assignment.groupId !== command.groupId) {
    return { code: 'NOT_FOUND', what: 'assignment', id: command.assignmentId };
  }
  const { assignmentId, pairedWith } = assignment;
  if (pairedWith !== null) return { code: 'SIP_NUMBER_IN_USE', assignmentId, pairedWith };
  recorder.record('AssignmentsReleased', { assignments: [refOf(assignment)], reason: 'released' });
  reinstateFitting(recorder);
  return null;
}

/** The limits of a person are checked before those of the group, because they are nearer. */
function checkHolderAvailability(recorder: CurrentRecorder, command: ProjectCommandOf<'AssignUnit'>): Refused {
  const { groupId, resource, holder } = command;
  const { state, at } = recorder;
  const own = holder === null ? null : memberAvailability(state, levelsOf(state, groupId), holder, resource);
  if (own === null || !exceeds(1, own.available)) return null;
  const { limit, level } = own;
  const limitedBy = { groupId: level.groupId, name: level.name, userId: holder!, limit, validUntil: null };
  return { code: 'LIMIT_EXCEEDED', resource, requested: 1, available: own.available, limitedBy, at };
}

function checkAvailability(recorder: CurrentRecorder, groupId: string, resource: Resource): Refused {
  const { state, at } = recorder;
  const { available, groupId: by } = tightestLimit(state.totals.capacity, levelsOf(state, groupId), resource);
  if (!exceeds(1, available)) return null;
  return noRoom({ timelines: new LimitTimelines(state), at }, groupId, resource, { requested: 1, available, by });
}

/** Units that a limit lacks. */
export interface Lack {
  readonly requested: number;
  readonly available: Limit;
  /** The group whose limit binds; `null`: the project's capacity. */
  readonly by: string | null;
}

/** The refusal of units that exceed the limit of a group or the project's capacity. */
export function noRoom(
  { timelines, at }: { readonly timelines: LimitTimelines; readonly at: Instant },
  groupId: string,
  resource: Resource,
  { requested, available, by }: Lack,
): SingleRefusal {
  const limitedBy = bindingNow(timelines, by, resource, at);
  if (hasEndedFor(timelines.state, by)) return { code: 'LICENSE_EXPIRED', groupId, resource, limitedBy };
  return { code: 'LIMIT_EXCEEDED', resource, requested, available: Math.max(0, available ?? 0), limitedBy, at };
}

/** Whether the binding limit has ended: it had terms in force, has none now and none to come. */
function hasEndedFor(state: CurrentState, groupId: string | null): boolean {
  if (groupId !== null) {
    const { allotments } = restrictionAt(state, groupId)!;
    return allotments.length > 0 && allotments.every(({ phase }) => phase === 'grace' || phase === 'ended');
  }
  const licenses = [...state.licenses.entries()].map(([, license]) => license);
  return state.totals.devices === 0 && licenses.length > 0 && licenses.every(({ phase }) => phase === 'ended');
}

/** The number an app is paired with: the one that is named, else the oldest free one at the group (U2). */
function numberFor(state: CurrentState, command: ProjectCommandOf<'AssignUnit'>): Assignment | SingleRefusal | null {
  const { groupId, resource, sipAssignmentId } = command;
  if (resource !== 'mobile_app') {
    if (sipAssignmentId === null) return null;
    return { code: 'VALIDATION', field: 'sipAssignmentId', message: 'goes with a mobile_app only' };
  }
  if (sipAssignmentId !== null) return namedNumber(state, groupId, sipAssignmentId);
  const [oldest] = freeNumbersAt(state, groupId);
  return oldest ?? { code: 'NO_SIP_NUMBER', groupId };
}

/** The numbers in force at a group that no app is paired with, oldest first (U2). */
export function* freeNumbersAt(state: CurrentState, groupId: string): Generator<Assignment> {
  for (const id of state.atGroup.get(groupId) ?? []) {
    const assignment = state.assignments.get(id)!;
    if (isFreeNumber(assignment)) yield assignment;
  }
}

function namedNumber(state: CurrentState, groupId: string, sipAssignmentId: string): Assignment | SingleRefusal {
  const number = state.assignments.get(sipAssignmentId);
  if (!number || number.groupId !== groupId) return { code: 'NOT_FOUND', what: 'assignment', id: sipAssignmentId };
  if (number.pairedWith !== null) {
    return { code: 'SIP_NUMBER_IN_USE', assignmentId: sipAssignmentId, pairedWith: number.pairedWith };
  }
  return isFreeNumber(number) ? number : { code: 'NO_SIP_NUMBER', groupId };
}

const isFreeNumber = (assignment: Assignment): boolean =>
  assignment.resource === 'sip_number' && assignment.inForce && assignment.pairedWith === null;
