import { setImmediate as othersTurn } from 'node:timers/promises';

/** How long a process computes before others have their turn. */
const SLICE_MS = 20;

/** Goes on with a computation that pauses at each `yield`, for a while. @returns `null` where it is not finished */
export function slice<Result>(work: Generator<unknown, Result>): { readonly result: Result } | null {
  const until = performance.now() + SLICE_MS;
  for (;;) {
    const next = work.next();
    if (next.done === true) return { result: next.value };
    if (performance.now() >= until) return null;
  }
}

/**
 * Computes in slices, so that other requests are answered in between. The data that it reads must not change meanwhile.
 */
export async function inSlices<Result>(work: Generator<unknown, Result>): Promise<Result> {
  for (;;) {
    const done = slice(work);
    if (done) return done.result;
    await othersTurn();
  }
}
