import type { Clock } from '@allotree/basics';
import type { Curve, Period } from '@allotree/domain';
import { Problem } from '@allotree/http';

/** What is measured besides the usual. */
export interface More {
  /** `sustained` is measured over stretches of this length, in milliseconds. */
  readonly sustained: number | undefined;
  /** `overageMs` is measured against this; `null`: unlimited. */
  readonly committed: Curve<number | null> | undefined;
}

/** How use is measured: in adjoining windows that make up a period. */
export interface Cut {
  readonly period: Period;
  readonly windows: readonly Period[];
}

/**
 * The period of a request.
 * @throws Problem `VALIDATION` if it is empty or not over
 */
export function periodOf(query: { readonly from: string; readonly to: string }, clock: Clock): Period {
  const [from, until, now] = [Date.parse(query.from), Date.parse(query.to), clock.now()];
  if (from >= until) throw Problem.validation('to', `must be after from, ${query.from}`);
  if (until > now) throw Problem.validation('to', `must not be after ${new Date(now).toISOString()}, now`);
  return { from, until };
}
