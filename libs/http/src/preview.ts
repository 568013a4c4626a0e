import type { PreviewAnswer } from '@allotree/contracts';
import type { Caller } from './caller.js';

interface Recordable {
  readonly type: string;
  readonly data: object;
}

/**
 * The answer to `?dryRun=true` (R7): the events that would be recorded, or the lines of the audit trail where a
 * command records those. The license service decides what follows for licenses, when the events reach it.
 */
export function preview(caller: Caller, events: readonly Recordable[]): PreviewAnswer {
  caller.answerStatus(200);
  return {
    events: events.map(({ type, data }) => ({ type, data: data as Record<string, unknown> })),
    effects: { suspended: [], reinstated: [], released: [], clamped: [] },
  };
}
