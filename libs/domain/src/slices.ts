/**
 * A long computation that pauses at each `yield`, so that its caller can do something else in between. Nothing that it
 * reads may change meanwhile.
 */
export type Slices<Result> = Generator<undefined, Result>;

/** Items between two pauses. */
export const PAUSE_EVERY = 256;

/** The result of a computation without pauses. */
export function atOnce<Result>(work: Slices<Result>): Result {
  for (;;) {
    const next = work.next();
    if (next.done === true) return next.value;
  }
}
