import { setImmediate as othersTurn } from 'node:timers/promises';
import { slice } from '@allotree/basics';
import type { ReadOptions, StateSelector } from '@allotree/event-sourcing';

/** Changes of a stream during a computation, after which it is not begun again in slices, but done at once. */
const MOST_RESTARTS = 5;

/** Computes from a state; pauses at each `yield`. */
export type SlicedSelector<State, Result> = (state: State, revision: number) => Generator<unknown, Result>;

/** A handler of commands. */
interface StateReader<State> {
  read<Result>(id: string, select: StateSelector<State, Result>, options?: ReadOptions): Promise<Result>;
}

/**
 * Reads from a state in slices, so that other requests are answered in between. All of the result is from one revision: a
 * computation begins again where the stream changed meanwhile.
 */
export async function readInSlices<State, Result>(
  handler: StateReader<State>,
  id: string,
  select: SlicedSelector<State, Result>,
  options?: ReadOptions,
): Promise<Result> {
  let running: { state: State; revision: number; work: Generator<unknown, Result> } | null = null;
  let begun = 0;
  for (;;) {
    const done: { readonly result: Result } | null = await handler.read(
      id,
      (state, revision) => {
        if (running === null || running.state !== state || running.revision !== revision) {
          running = { state, revision, work: select(state, revision) };
          begun += 1;
        }
        return begun > MOST_RESTARTS ? { result: whole(running.work) } : slice(running.work);
      },
      options,
    );
    if (done) return done.result;
    await othersTurn();
  }
}

function whole<Result>(work: Generator<unknown, Result>): Result {
  for (;;) {
    const next = work.next();
    if (next.done === true) return next.value;
  }
}
