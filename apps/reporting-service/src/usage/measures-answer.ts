import type { UsageAnswer, UsageMeasures } from '@allotree/contracts';
import { toDecimal, type Period } from '@allotree/domain';
import type { AllMeasures, MeasuredUse } from './measured-use.js';

const iso = (instant: number): string => new Date(instant).toISOString();

/** The part of an answer with measures. @param shown the windows of the answer: all or none */
export const measuresAnswer = (
  { total, windows }: MeasuredUse,
  period: Period,
  shown: readonly Period[],
): Pick<UsageAnswer, 'total' | 'windows'> => ({
  total: answerOf(total, period),
  windows: shown.map((window, index) => answerOf(windows[index]!, window)),
});

export const answerOf = (measures: AllMeasures, { from, until }: Period): UsageMeasures => ({
  from: iso(from),
  until: iso(until),
  open: measures.open,
  close: measures.close,
  peak: measures.peak,
  peakAt: iso(measures.peakAt),
  low: measures.low,
  average: toDecimal({ numerator: measures.unitMs, denominator: BigInt(until - from) }),
  unitMs: measures.unitMs.toString(),
  ...(measures.sustained !== undefined && { sustained: measures.sustained }),
  ...(measures.overageMs !== undefined && { overageMs: measures.overageMs.toString() }),
});

/** A day as an example of documentation. */
export const DAY: UsageMeasures = {
  from: '2026-02-28T23:00:00.000Z',
  until: '2026-03-01T23:00:00.000Z',
  open: 2,
  close: 4,
  peak: 5,
  peakAt: '2026-03-01T09:30:00.000Z',
  low: 2,
  average: '3.500000',
  unitMs: '302400000',
};

/** What every route about use measures, in words. */
export const MEASURES_IN_WORDS =
  '`peak` is the most at any instant, what was in use before the period included; `unitMs` is the integral. `sustained=PT1H` adds the most units that were in use without interruption for at least an hour; `committed=80` or `committed=capacity` adds `overageMs`, the integral of the units above that number, or above the capacity of the project at each instant.';

/** How windows are cut, in words. */
export const WINDOWS_IN_WORDS =
  'Windows are hours, days, weeks from Monday or months with their real length: a day can have 23 to 25 hours. The first and the last are cut to the period. At most 10,000 windows, over all rows of the answer.';
