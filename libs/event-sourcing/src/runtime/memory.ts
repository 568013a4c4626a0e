import { getHeapStatistics } from 'node:v8';
import type { Aggregate } from '../aggregate.js';
import { StateTooLarge } from '../errors.js';

/** What a process needs besides the states of its aggregates. */
const PROCESS_OVERHEAD_BYTES = 112 * 1_048_576;
const MIN_STATE_BYTES = 8 * 1_048_576;
const IDLE_STATE_SHARE = 0.25;
const MAX_IDLE_STATE_BYTES = 512 * 1_048_576;

/** Bytes of the heap that states may take; it is more in a process that is given more (`--max-old-space-size`). */
export const heapForStates = (limit = getHeapStatistics().heap_size_limit): number =>
  Math.max(MIN_STATE_BYTES, limit - PROCESS_OVERHEAD_BYTES);

/** Two runtimes share a process; what they load and what they answer needs room as well. */
export const defaultIdleStateBytes = (): number => Math.min(MAX_IDLE_STATE_BYTES, heapForStates() * IDLE_STATE_SHARE);

/**
 * The same aggregate, whose state does not grow beyond a number of bytes: not by a command, whose events are not recorded
 * then, and not while it is loaded. A process that runs out of memory ends with everything in it, at every start again.
 */
export function withStateLimit<State, Command, Event, Refusal>(
  aggregate: Aggregate<State, Command, Event, Refusal>,
  maxBytes: number,
): Aggregate<State, Command, Event, Refusal> {
  const { category, snapshot } = aggregate;
  if (snapshot?.sizeOf === undefined) return aggregate;
  const sizeOf = (state: State): number => snapshot.sizeOf?.(state) ?? 0;
  return {
    ...aggregate,
    snapshot: {
      ...snapshot,
      decode: (json) => {
        const state = snapshot.decode(json);
        const bytes = sizeOf(state);
        if (bytes > maxBytes) throw new StateTooLarge(category, bytes, maxBytes);
        return state;
      },
    },
    evolve: (state, event) => {
      const before = sizeOf(state);
      const next = aggregate.evolve(state, event);
      const after = sizeOf(next);
      if (after > maxBytes && after > before) throw new StateTooLarge(category, after, maxBytes);
      return next;
    },
  };
}
