import { expect } from '@jest/globals';
import type { Aggregate, Decision } from '@allotree/event-sourcing';

/** The pure part of an aggregate that rule tests need. */
export type Rules<State, Command, Event, Refusal> = Pick<
  Aggregate<State, Command, Event, Refusal>,
  'initial' | 'evolve' | 'decide'
>;

/**
 * Tests a rule: `given(rules, [past events]).when(command).then([new events])`, or `.then({ code: ... })` for a
 * refusal. The whole list of events, or the refusal, is compared with strict equality. `[]` means that nothing changes.
 */
export function given<State, Command, Event, Refusal extends object>(
  rules: Rules<State, Command, Event, Refusal>,
  events: readonly Event[],
): Given<State, Command, Event, Refusal> {
  return {
    when(command) {
      const state = foldOf(rules, events);
      const decision = rules.decide(state, command);
      return {
        decision,
        then(expected) {
          if (Array.isArray(expected)) expect(decision).toStrictEqual({ ok: true, events: expected });
          else expect(decision).toStrictEqual({ ok: false, refusal: expected });
          return given(rules, decision.ok ? [...events, ...decision.events] : events);
        },
        thenState(look) {
          if (!decision.ok) throw new Error(`refused: ${JSON.stringify(decision.refusal)}`);
          look(foldOf(rules, [...events, ...decision.events]));
        },
      };
    },
    state: () => foldOf(rules, events),
    events,
  };
}

export interface Given<State, Command, Event, Refusal> {
  /** Rebuilds the state each time, so a decision that modified it is detected. */
  when(command: Command): When<State, Command, Event, Refusal>;
  /** The state after the events, for testing queries. */
  state(): State;
  readonly events: readonly Event[];
}

export interface When<State, Command, Event, Refusal> {
  readonly decision: Decision<Event, Refusal>;
  /** Compares the whole list of events, or the refusal, with strict equality; continues with the new events added. */
  then(expected: readonly Event[] | Refusal): Given<State, Command, Event, Refusal>;
  /** For rules that are best expressed by the state after the decision. */
  thenState(look: (state: State) => void): void;
}

function foldOf<State, Event>(
  rules: { initial(): State; evolve(state: State, event: Event): State },
  events: readonly Event[],
): State {
  return events.reduce((state, event) => rules.evolve(state, event), rules.initial());
}
