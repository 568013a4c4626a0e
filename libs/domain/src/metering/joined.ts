import type { Measures } from './usage.js';

/** The measures of a period, from those of two that adjoin. */
export const joined = (first: Measures, second: Measures): Measures => ({
  open: first.open,
  close: second.close,
  peak: Math.max(first.peak, second.peak),
  peakAt: second.peak > first.peak ? second.peakAt : first.peakAt,
  low: Math.min(first.low, second.low),
  unitMs: first.unitMs + second.unitMs,
});
