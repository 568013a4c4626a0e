import type { PreviewAnswer } from '@allotree/contracts';
import type { Caller } from '@allotree/platform';

interface Recordable {
  readonly type: string;
  readonly data: object;
}

/**
 * The answer to `?dryRun=true` (domain.md R7): the events that would be recorded. What follows from them for licenses the
 * license service decides, when it hears of them.
 */
export function preview(caller: Caller, events: readonly Recordable[]): PreviewAnswer {
  caller.answerStatus(200);
  return {
    events: events.map(({ type, data }) => ({ type, data: data as Record<string, unknown> })),
    effects: { suspended: [], reinstated: [], released: [], clamped: [] },
  };
}
