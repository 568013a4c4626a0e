import type { Instant } from '../decision.js';

/**
 * The use of a resource at the root over a period `[from, until)`, as measured by the project itself. `unlimitedMs` are
 * milliseconds, the other integrals unit-milliseconds.
 */
export interface ResourceTotals {
  /** Units in force at the start, after every change at that instant. */
  readonly open: number;
  /** Units in force at the end, before any change at that instant. */
  readonly close: number;
  readonly peak: number;
  /** The first instant of the peak. */
  readonly peakAt: Instant;
  /** Integral of the units in force. */
  readonly unitMs: bigint;
  /** Integral of the capacity of the licenses in force (L5), also of a postpaid project, while it was limited. */
  readonly entitledMs: bigint;
  /** How long that capacity was unlimited. */
  readonly unlimitedMs: bigint;
  /** Integral of the units above that capacity, while it was limited. */
  readonly overageMs: bigint;
}
