import type { Aggregate } from '@allotree/event-sourcing';

/** The smallest aggregate with a rule: a house with a number of seats. Used by specs of the runtime. */
export interface SeatsState {
  capacity: number;
  taken: string[];
}

export type SeatsCommand =
  | { readonly type: 'Open'; readonly capacity: number }
  | { readonly type: 'Take'; readonly who: string }
  /** Records one event per seat. */
  | { readonly type: 'TakeMany'; readonly count: number }
  /** Throws in `decide`, in `evolve` after changing the state, or in `encode`. */
  | { readonly type: 'Break'; readonly where: 'decide' | 'evolve' | 'encode' };

export type SeatsEvent =
  | { readonly type: 'HouseOpened'; readonly capacity: number }
  | { readonly type: 'SeatTaken'; readonly who: string }
  | { readonly type: 'Broken'; readonly where: 'evolve' | 'encode' };

export type SeatsRefusal = { readonly code: 'FULL'; readonly capacity: number };

export const seats: Aggregate<SeatsState, SeatsCommand, SeatsEvent, SeatsRefusal> = {
  category: 'seats',
  initial: () => ({ capacity: 0, taken: [] }),
  evolve(state, event) {
    if (event.type === 'HouseOpened') state.capacity = event.capacity;
    else if (event.type === 'SeatTaken') state.taken.push(event.who);
    else {
      state.taken.push('half done');
      throw new Error('evolve broke');
    }
    return state;
  },
  decide(state, command) {
    switch (command.type) {
      case 'Open':
        return {
          ok: true,
          events: state.capacity === command.capacity ? [] : [{ type: 'HouseOpened', capacity: command.capacity }],
        };
      case 'Take':
        if (state.taken.includes(command.who)) return { ok: true, events: [] };
        if (state.taken.length >= state.capacity)
          return { ok: false, refusal: { code: 'FULL', capacity: state.capacity } };
        return { ok: true, events: [{ type: 'SeatTaken', who: command.who }] };
      case 'TakeMany':
        return {
          ok: true,
          events: Array.from({ length: command.count }, (_, n) => ({
            type: 'SeatTaken',
            who: `${state.taken.length + n}`,
          })),
        };
      case 'Break':
        if (command.where === 'decide') throw new Error('decide broke');
        return { ok: true, events: [{ type: 'Broken', where: command.where }] };
    }
  },
  encode(event) {
    if (event.type === 'Broken' && event.where === 'encode') throw new Error('encode broke');
    const { type, ...data } = event;
    return { type, data };
  },
  decode: (type, data) => ({ type, ...(data as object) }) as SeatsEvent,
  snapshot: {
    version: 1,
    every: 10,
    encode: (state) => state,
    decode: (json) => json as SeatsState,
    sizeOf: (state) => 1_000 + 100 * state.taken.length,
  },
};
