import { exceeds, minus, noCounts, type Counts } from '../../limits.js';
import { RESOURCES, type Units } from '../../words.js';
import { availableAt } from '../limits/availability.js';
import type { AssignmentRef } from '../model/events.js';
import { evolve } from '../model/evolve.js';
import { inChunks, type CurrentRecorder } from '../model/recorder.js';
import type { Assignment, Usage } from '../model/facts.js';
import { draftOf, restrictionAt, rootOf, type CurrentState, type ProjectState } from '../model/state.js';
import { assignmentsBelow, pathOf } from '../model/tree.js';
import { usageOf } from '../model/usage.js';

/** Where limits may have changed: in restricted groups, and in the project's capacity. */
export interface ChangedLimits {
  readonly groups: Iterable<string>;
  readonly capacity: boolean;
}

/**
 * Suspends exactly the excess over the changed limits, newest first, then reinstates suspended assignments that fit, oldest
 * first (U3). Costs the use below exceeded limits, and the suspended assignments below groups that have units left.
 */
export function settleUse(recorder: CurrentRecorder, changed: ChangedLimits): void {
  suspendExcess(recorder, changed);
  reinstateFitting(recorder);
}

interface ExceededLimit {
  /** `null`: the project's capacity. */
  readonly groupId: string | null;
  readonly limit: Units;
  readonly kept: Counts;
}

function suspendExcess(recorder: CurrentRecorder, changed: ChangedLimits): void {
  const { state } = recorder;
  const exceeded = exceededLimits(state, changed);
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
  for (const assignments of inChunks(refs)) recorder.record('AssignmentsSuspended', { assignments });
}

function exceededLimits(state: ProjectState, changed: ChangedLimits): ExceededLimit[] {
  const exceeded: ExceededLimit[] = [];
  const check = (groupId: string | null, used: Counts, limit: Units): void => {
    if (RESOURCES.some((resource) => exceeds(used[resource], limit[resource]))) {
      exceeded.push({ groupId, limit, kept: noCounts() });
    }
  };
  for (const groupId of new Set(changed.groups)) {
    const restriction = restrictionAt(state, groupId);
    if (restriction) check(groupId, usageOf(state, groupId).inForce, restriction.keeping);
  }
  const root = rootOf(state);
  if (changed.capacity && root !== null) check(null, usageOf(state, root).inForce, state.totals.capacity);
  return exceeded;
}

/** The exceeded limits on the path of a group. Only these can bind, because suspending never exceeds another limit. */
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

/** Reinstates suspended assignments that fit, oldest first (U3): all that is left to do where a change only makes room. */
export function reinstateFitting(recorder: CurrentRecorder): void {
  const { state } = recorder;
  const root = rootOf(state);
  if (root === null || !capacityIsLeft(state, usageOf(state, root))) return;
  const waiting = [...assignmentsBelow(state, root, (id) => mayReturnBelow(state, id))].filter(
    ({ inForce }) => !inForce,
  );
  if (waiting.length === 0) return;
  for (const assignments of inChunks(fittingOf(state, inOrder(waiting), recorder.at)))
    recorder.record('AssignmentsReinstated', { assignments });
}

/** Tried one after the other on a draft, since each takes its units before the next is checked. */
function fittingOf(state: CurrentState, waiting: readonly Assignment[], at: number): readonly AssignmentRef[] {
  const trial = draftOf(state) as CurrentState;
  const fitting: AssignmentRef[] = [];
  for (const assignment of waiting) {
    const { groupId, resource } = assignment;
    if (!numberIsInForce(trial, assignment) || exceeds(1, availableAt(trial, groupId, resource))) continue;
    const ref = refOf(assignment);
    evolve(trial, { type: 'AssignmentsReinstated', at, data: { assignments: [ref] } });
    fitting.push(ref);
  }
  return fitting;
}

const capacityIsLeft = (state: ProjectState, { suspended, inForce }: Readonly<Usage>): boolean =>
  RESOURCES.some(
    (resource) => suspended[resource] > 0 && !exceeds(1, minus(state.totals.capacity[resource], inForce[resource])),
  );

const numberIsInForce = (state: ProjectState, assignment: Assignment): boolean =>
  assignment.sipAssignmentId === null || state.assignments.get(assignment.sipAssignmentId)?.inForce === true;

/** Whether the group itself has units left for anything suspended in it or below. */
function mayReturnBelow(state: ProjectState, groupId: string): boolean {
  const { suspended, inForce } = usageOf(state, groupId);
  const own = restrictionAt(state, groupId)?.own;
  return RESOURCES.some(
    (resource) => suspended[resource] > 0 && !(own && exceeds(1, minus(own[resource], inForce[resource]))),
  );
}

export const anyOf = (counts: Counts): boolean => RESOURCES.some((resource) => counts[resource] > 0);

const inOrder = (assignments: readonly Assignment[]): Assignment[] =>
  [...assignments].sort((a, b) => a.sequence - b.sequence);

export const refOf = ({ assignmentId, groupId, resource, externalId }: Assignment): AssignmentRef =>
  externalId === null ? { assignmentId, groupId, resource } : { assignmentId, groupId, resource, externalId };
