import { heapLimit } from './heap-limit.js';
import type { AggregateOf, AggregateTypes } from '../aggregate.js';
import { StateTooLarge } from '../errors.js';

/** Memory that a process needs besides aggregate states. */
const PROCESS_OVERHEAD_BYTES = 112 * 1_048_576;
const MIN_STATE_BYTES = 8 * 1_048_576;
const IDLE_STATE_SHARE = 0.25;
const MAX_IDLE_STATE_BYTES = 512 * 1_048_576;

/** Heap available to states, in bytes; grows with `--max-old-space-size`. */
export const heapForStates = (limit = heapLimit()): number => Math.max(MIN_STATE_BYTES, limit - PROCESS_OVERHEAD_BYTES);

/** The rest is left for a second runtime in the process and for states being loaded or read. */
export const defaultIdleStateBytes = (): number => Math.min(MAX_IDLE_STATE_BYTES, heapForStates() * IDLE_STATE_SHARE);

/**
 * Limits the state of an aggregate to a number of bytes: a command or load that would exceed it fails and records
 * nothing. Running out of memory would end the process, at every restart again.
 */
export function withStateLimit<T extends AggregateTypes>(aggregate: AggregateOf<T>, maxBytes: number): AggregateOf<T> {
  const { category, snapshot } = aggregate;
  if (snapshot?.sizeOf === undefined) return aggregate;
  const sizeOf = (state: T['state']): number => snapshot.sizeOf?.(state) ?? 0;
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
