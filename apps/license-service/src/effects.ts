import type { AssignmentRef, PartnerStockEvent, ProjectEvent, Resource } from '@allotree/domain';
import { publicEvent } from './public-json.js';

interface CountedUse {
  readonly groupId: string;
  readonly resource: Resource;
  count: number;
}

/** The side effects of a command, group by group (R6, R7, U3). */
export interface Effects {
  readonly suspended: readonly CountedUse[];
  readonly reinstated: readonly CountedUse[];
  readonly released: readonly CountedUse[];
  /** Groups whose allotments are clamped. */
  readonly clamped: readonly string[];
}

/** The answer to `?dryRun`: what would be recorded, and what that would mean. */
export const preview = (events: readonly (ProjectEvent | PartnerStockEvent)[]): object => ({
  events: events.map(publicEvent),
  effects: effectsOf(events),
});

export function effectsOf(events: readonly (ProjectEvent | PartnerStockEvent)[]): Effects {
  const refs = (type: ProjectEvent['type']): AssignmentRef[] =>
    events.flatMap((event) => (event.type === type && 'assignments' in event.data ? event.data.assignments : []));
  return {
    suspended: counted(refs('AssignmentsSuspended')),
    reinstated: counted(refs('AssignmentsReinstated')),
    released: counted(refs('AssignmentsReleased')),
    clamped: events.flatMap((event) => (event.type === 'AllotmentsClamped' ? [event.data.groupId] : [])),
  };
}

function counted(refs: readonly AssignmentRef[]): CountedUse[] {
  const uses = new Map<string, CountedUse>();
  for (const { groupId, resource } of refs) {
    const key = `${groupId} ${resource}`;
    const use = uses.get(key) ?? { groupId, resource, count: 0 };
    use.count += 1;
    uses.set(key, use);
  }
  return [...uses.values()];
}
