import type { Instant } from '../../decision.js';
import { exceeds, minus, noCounts, type Counts } from '../../limits.js';
import { RESOURCES, type Resource, type Units } from '../../words.js';
import type { AllotmentRef, AssignmentRef } from '../model/events.js';
import { evolve } from '../model/evolve.js';
import { inChunks, type Recorder } from '../model/recorder.js';
import { availableAt } from '../limits/availability.js';
import {
  licensePhaseAt,
  pathOf,
  graceOf,
  phaseAt,
  restrictionAt,
  usageOf,
  type Assignment,
  type LicenseState,
  type ProjectState,
  type Usage,
} from '../model/state.js';
import type { DueKey } from '../model/schedule.js';

/** Where limits may have changed: restricted groups, and the project's capacity. */
export interface Touched {
  readonly groups: Iterable<string>;
  readonly capacity: boolean;
}

/**
 * Records what became due up to `now`, in order, as if each timer had fired on time (U5, E1). What changes at
 * one instant changes together: starts and ends first, then what no longer fits, then what fits again.
 */
export function catchUp(recorder: Recorder, now: number): void {
  for (const [at, keys] of recorder.state.schedule.upTo(now)) {
    recorder.at = at;
    const touched = startAndEnd(recorder, keys);
    settle(recorder, touched);
  }
  recorder.at = now;
}

function startAndEnd(recorder: Recorder, keys: readonly DueKey[]): Touched {
  let capacity = false;
  const groups: string[] = [];
  const moved: Record<'active' | 'grace' | 'ended', AllotmentRef[]> = { active: [], grace: [], ended: [] };
  for (const key of keys) {
    if ('licenseId' in key) {
      capacity = moveLicense(recorder, recorder.state.licenses.get(key.licenseId)) || capacity;
    } else {
      groups.push(key.groupId);
      for (const [event, ref] of movesIn(recorder.state, key.groupId, recorder.at)) moved[event].push(ref);
    }
  }
  for (const allotments of inChunks(moved.grace)) recorder.emit('AllotmentsEnded', { allotments });
  for (const allotments of inChunks(moved.ended)) recorder.emit('GracePeriodsEnded', { allotments });
  for (const allotments of inChunks(moved.active)) recorder.emit('AllotmentsStarted', { allotments });
  return { groups, capacity };
}

/** The allotments of a group that start (`active`), end (`grace`: into their days of grace, if any) or end those days. */
function* movesIn(
  state: ProjectState,
  groupId: string,
  at: Instant,
): Generator<['active' | 'grace' | 'ended', AllotmentRef]> {
  const restriction = restrictionAt(state, groupId);
  for (const allotment of restriction?.allotments ?? []) {
    const phase = phaseAt(allotment, graceOf(state, restriction!), at);
    if (phase === allotment.phase || phase === 'scheduled') continue;
    const ends = phase === 'ended' && allotment.phase !== 'grace' ? 'grace' : phase;
    yield [ends, { groupId, allotmentId: allotment.allotmentId }];
  }
}

/** Whether the license started or ended at the recorder's instant. A revoked one does neither any more. */
function moveLicense(recorder: Recorder, license: LicenseState | undefined): boolean {
  if (!license || license.revokedReason !== null) return false;
  const phase = licensePhaseAt(license, recorder.at);
  if (phase === license.phase) return false;
  recorder.emit(phase === 'active' ? 'LicenseStarted' : 'LicenseExpired', { licenseId: license.licenseId });
  return true;
}

/**
 * Suspends exactly what no longer fits, newest first, then lets the suspended return that fit, oldest first (U3).
 * Costs the use below the limits that are exceeded, and the suspended below groups that have room.
 */
export function settle(recorder: Recorder, touched: Touched): void {
  suspendExcess(recorder, touched);
  reinstateWhatFits(recorder);
}

interface ExceededLimit {
  /** `null`: the project's capacity. */
  readonly groupId: string | null;
  readonly limit: Units;
  readonly kept: Counts;
}

function suspendExcess(recorder: Recorder, touched: Touched): void {
  const { state } = recorder;
  const exceeded = exceededLimits(state, touched);
  if (exceeded.length === 0) return;
  const suspended = new Set<string>();
  const binding = bindingLimits(state, exceeded);
  for (const assignment of inOrder(inForceBelow(state, exceeded))) {
    const limits = binding(assignment.groupId);
    const numberStays = assignment.sipAssignmentId === null || !suspended.has(assignment.sipAssignmentId);
    if (
      numberStays &&
      limits.every(({ limit, kept }) => !exceeds(kept[assignment.resource] + 1, limit[assignment.resource]))
    ) {
      for (const { kept } of limits) kept[assignment.resource] += 1;
    } else suspended.add(assignment.assignmentId);
  }
  const refs = [...suspended].map((id) => refOf(state.assignments.get(id)!));
  for (const assignments of inChunks(refs)) recorder.emit('AssignmentsSuspended', { assignments });
}

function exceededLimits(state: ProjectState, touched: Touched): ExceededLimit[] {
  const exceeded: ExceededLimit[] = [];
  const check = (groupId: string | null, used: Counts, limit: Units): void => {
    if (RESOURCES.some((resource) => exceeds(used[resource], limit[resource]))) {
      exceeded.push({ groupId, limit, kept: noCounts() });
    }
  };
  for (const groupId of new Set(touched.groups)) {
    const restriction = restrictionAt(state, groupId);
    if (restriction) check(groupId, usageOf(state, groupId).inForce, restriction.keeping);
  }
  const root = rootOf(state);
  if (touched.capacity && root !== null) check(null, usageOf(state, root).inForce, state.totals.capacity);
  return exceeded;
}

/** The exceeded limits on the path of a group. Only these can bind: everything else held before and holds with less. */
function bindingLimits(state: ProjectState, exceeded: readonly ExceededLimit[]): (groupId: string) => ExceededLimit[] {
  const byGroup = new Map(exceeded.map((limit) => [limit.groupId, limit]));
  const capacity = byGroup.get(null);
  const known = new Map<string, ExceededLimit[]>();
  return (groupId) => {
    let limits = known.get(groupId);
    if (!limits) {
      limits = [...pathOf(state, groupId)].flatMap((id) => byGroup.get(id) ?? []);
      if (capacity) limits.push(capacity);
      known.set(groupId, limits);
    }
    return limits;
  };
}

function inForceBelow(state: ProjectState, exceeded: readonly ExceededLimit[]): Assignment[] {
  const found = new Map<string, Assignment>();
  const root = rootOf(state);
  for (const { groupId } of exceeded) {
    for (const assignment of assignmentsBelow(state, groupId ?? root!, (id) => anyOf(usageOf(state, id).inForce))) {
      if (assignment.inForce) found.set(assignment.assignmentId, assignment);
    }
  }
  return [...found.values()];
}

function reinstateWhatFits(recorder: Recorder): void {
  const { state } = recorder;
  const root = rootOf(state);
  if (root === null || !capacityIsLeft(state, usageOf(state, root))) return;
  const waiting = [...assignmentsBelow(state, root, (id) => mayReturnBelow(state, id))].filter(
    ({ inForce }) => !inForce,
  );
  const returned: AssignmentRef[] = [];
  for (const assignment of inOrder(waiting)) {
    if (!numberIsInForce(state, assignment) || exceeds(1, availableAt(state, assignment.groupId, assignment.resource)))
      continue;
    const ref = refOf(assignment);
    // Each takes its room before the next is looked at; the event names them all.
    evolve(state, { type: 'AssignmentsReinstated', at: recorder.at, data: { assignments: [ref] } });
    returned.push(ref);
  }
  for (const assignments of inChunks(returned)) recorder.record('AssignmentsReinstated', { assignments });
}

const capacityIsLeft = (state: ProjectState, { suspended, inForce }: Readonly<Usage>): boolean =>
  RESOURCES.some(
    (resource) => suspended[resource] > 0 && !exceeds(1, minus(state.totals.capacity[resource], inForce[resource])),
  );

const numberIsInForce = (state: ProjectState, assignment: Assignment): boolean =>
  assignment.sipAssignmentId === null || state.assignments.get(assignment.sipAssignmentId)?.inForce === true;

/** Whether anything suspended in the group or below could find room at the group itself. */
function mayReturnBelow(state: ProjectState, groupId: string): boolean {
  const { suspended, inForce } = usageOf(state, groupId);
  const own = restrictionAt(state, groupId)?.own;
  return RESOURCES.some(
    (resource) => suspended[resource] > 0 && !(own && exceeds(1, minus(own[resource], inForce[resource]))),
  );
}

/** The assignments of a group and of the groups below it that are worth a look. */
export function* assignmentsBelow(
  state: ProjectState,
  groupId: string,
  isCandidate: (groupId: string) => boolean,
): Generator<Assignment> {
  if (!isCandidate(groupId)) return;
  for (const id of state.atGroup.get(groupId) ?? []) yield state.assignments.get(id)!;
  for (const child of state.groups.get(groupId)?.children ?? []) yield* assignmentsBelow(state, child, isCandidate);
}

export const rootOf = (state: ProjectState): string | null => state.totals.project?.projectId ?? null;

export const anyOf = (counts: Counts): boolean => RESOURCES.some((resource) => counts[resource] > 0);

const inOrder = (assignments: readonly Assignment[]): Assignment[] =>
  [...assignments].sort((a, b) => a.sequence - b.sequence);

export const refOf = (assignment: { assignmentId: string; groupId: string; resource: Resource }): AssignmentRef => ({
  assignmentId: assignment.assignmentId,
  groupId: assignment.groupId,
  resource: assignment.resource,
});
