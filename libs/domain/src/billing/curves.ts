import type { Instant } from '../decision.js';
import { unitsAt, type Curve, type Period, type Step } from '../metering/usage.js';
import type { Limit } from '../words.js';

/** Units in force from an instant on; `until: null`: indefinitely. */
export interface Span {
  readonly from: Instant;
  readonly until: Instant | null;
  /** `null`: unlimited. */
  readonly units: Limit;
}

interface Change {
  readonly at: Instant;
  readonly finite: number;
  readonly unlimited: number;
}

const changesOf = ({ from, until, units }: Span): Change[] => {
  if (until !== null && until <= from) return [];
  const [finite, unlimited] = units === null ? [0, 1] : [units, 0];
  const start = { at: from, finite, unlimited };
  return until === null ? [start] : [start, { at: until, finite: -finite, unlimited: -unlimited }];
};

/** What spans add up to at every instant (L5): unlimited while one of them is. O(n log n). */
export function sumOfSpans(spans: readonly Span[]): Curve<Limit> {
  const steps: Step<Limit>[] = [];
  let [finite, unlimited] = [0, 0];
  for (const change of spans.flatMap(changesOf).sort((a, b) => a.at - b.at)) {
    finite += change.finite;
    unlimited += change.unlimited;
    if (steps.at(-1)?.at === change.at) steps.pop();
    steps.push({ at: change.at, units: unlimited > 0 ? null : finite });
  }
  return { open: 0, steps };
}

/** The sum of curves at every instant. O(n log n) in their steps. */
export function sumOfCurves(curves: readonly Curve[]): Curve {
  const changes = curves.flatMap(({ open, steps }) =>
    steps.map(({ at, units }, index) => ({ at, by: units - (index === 0 ? open : steps[index - 1]!.units) })),
  );
  const open = curves.reduce((sum, curve) => sum + curve.open, 0);
  const steps: Step[] = [];
  let units = open;
  for (const { at, by } of changes.sort((a, b) => a.at - b.at)) {
    units += by;
    if (steps.at(-1)?.at === at) steps.pop();
    steps.push({ at, units });
  }
  return { open, steps };
}

/** The curve within some periods, which ascend and do not overlap; nothing outside them. */
export function within<Units extends Limit>(curve: Curve<Units>, periods: readonly Period[]): Curve<Units | number> {
  const steps = periods.flatMap(({ from, until }): Step<Units | number>[] => [
    { at: from, units: unitsAt(curve, from) },
    ...curve.steps.filter(({ at }) => from < at && at < until),
    { at: until, units: 0 },
  ]);
  return { open: 0, steps };
}
