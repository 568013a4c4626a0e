import type { Aggregate } from '@allotree/event-sourcing';

/**
 * The simplest aggregate that shows what a runtime does wrong: a sum between 0 and a limit. Nothing in it recognizes a
 * command that is decided twice.
 */
export interface TallyState {
  sum: number;
  count: number;
}
export interface TallyCommand {
  readonly type: 'Change';
  readonly by: number;
}
export interface TallyEvent {
  readonly type: 'Changed';
  readonly by: number;
}
export interface TallyRefusal {
  readonly code: 'OUT_OF_RANGE';
  readonly sum: number;
}

export const TALLY_LIMIT = 20;

export const tallyAggregate: Aggregate<TallyState, TallyCommand, TallyEvent, TallyRefusal> = {
  category: 'tally',
  initial: () => ({ sum: 0, count: 0 }),
  evolve: (state, { by }) => {
    state.sum += by;
    state.count++;
    return state;
  },
  decide: ({ sum }, { by }) =>
    sum + by < 0 || sum + by > TALLY_LIMIT
      ? { ok: false, refusal: { code: 'OUT_OF_RANGE', sum } }
      : { ok: true, events: [{ type: 'Changed', by }] },
  encode: ({ type, by }) => ({ type, data: { by } }),
  decode: (_, data) => ({ type: 'Changed', by: (data as TallyEvent).by }),
  snapshot: {
    version: 1,
    every: 8,
    encode: (state) => ({ ...state }),
    decode: (json) => ({ ...(json as TallyState) }),
    sizeOf: () => 400,
  },
};
