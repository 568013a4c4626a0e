import { affectedBelow, clampBelow, type Change } from '../limits/cascade.js';
import { nameOf } from '../limits/checks.js';
import { LimitTimelines } from '../limits/limit-timeline.js';
import type { CurrentRecorder } from '../model/recorder.js';
import type { SingleRefusal, SuspendedUse } from '../model/refusals.js';
import type { CurrentState } from '../model/state.js';
import { settleUse } from '../time/use.js';

type Refused = SingleRefusal | null;

export const changeOf = (before: CurrentState, recorder: CurrentRecorder): Change => ({
  before: new LimitTimelines(before),
  after: new LimitTimelines(recorder.state),
  now: recorder.at,
});

interface Consequences {
  /** The group that changed. */
  readonly groupId: string;
  readonly cascade: boolean;
}

/** R6: refuses a change that takes something from groups below or from use, or clamps them with `cascade`. */
export function consequences(recorder: CurrentRecorder, change: Change, { groupId, cascade }: Consequences): Refused {
  if (!cascade) return settleOrRefuse(recorder, [...affectedBelow(change, groupId)], [groupId]);
  const clamped = clampBelow(recorder, change, groupId);
  settleUse(recorder, { groups: [groupId, ...clamped], capacity: false });
  return null;
}

/** Applies a change to use at these groups; refused if groups or assignments would lose something (R6). */
export function settleOrRefuse(
  recorder: CurrentRecorder,
  affected: readonly string[],
  changed: Iterable<string>,
): Refused {
  const recorded = recorder.events.length;
  settleUse(recorder, { groups: changed, capacity: false });
  const suspensions = suspensionsSince(recorder, recorded);
  if (affected.length === 0 && suspensions.length === 0) return null;
  const groups = affected.map((id) => ({ groupId: id, name: nameOf(recorder.state, id) }));
  return { code: 'DESCENDANTS_AFFECTED', groups, suspensions };
}

/** The assignments that the decision has suspended since an event, counted by group and resource. */
export function suspensionsSince(recorder: CurrentRecorder, eventIndex: number): SuspendedUse[] {
  const found = new Map<string, SuspendedUse>();
  for (const event of recorder.events.slice(eventIndex)) {
    if (event.type !== 'AssignmentsSuspended') continue;
    for (const { groupId, resource } of event.data.assignments) {
      const key = `${groupId} ${resource}`;
      const count = (found.get(key)?.count ?? 0) + 1;
      found.set(key, { groupId, name: nameOf(recorder.state, groupId), resource, count });
    }
  }
  return [...found.values()];
}
