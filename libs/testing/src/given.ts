import { expect } from '@jest/globals';
import type { Aggregate, Decision } from '@allotree/event-sourcing';

/** The pure part of an aggregate: what a rule test needs. */
export type Rules<State, Command, Event, Refusal> = Pick<
  Aggregate<State, Command, Event, Refusal>,
  'initial' | 'evolve' | 'decide'
>;

/**
 * A rule as a sentence: `given(rules, [past events]).when(command).then([new events])`, or `.then({ code: ... })` for a
 * refusal. The whole list of events is compared, each with every field; a refusal likewise. `[]` is "already so".
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
  /** Folds anew each time, so a decision that changed the state cannot hide behind the one before. */
  when(command: Command): When<State, Command, Event, Refusal>;
  /** The state the events lead to, for asking queries. */
  state(): State;
  readonly events: readonly Event[];
}

export interface When<State, Command, Event, Refusal> {
  readonly decision: Decision<Event, Refusal>;
  /** Strict equality with the whole list of events, or with the refusal; continues with the new events added. */
  then(expected: readonly Event[] | Refusal): Given<State, Command, Event, Refusal>;
  /** For rules best said about the state after the decision. */
  thenState(look: (state: State) => void): void;
}

function foldOf<State, Event>(
  rules: { initial(): State; evolve(state: State, event: Event): State },
  events: readonly Event[],
): State {
  return events.reduce((state, event) => rules.evolve(state, event), rules.initial());
}
