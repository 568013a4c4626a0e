import type { CommandContext, Outcome } from '../aggregate.js';
import type { RecordedEvent } from '../event-store.js';

/** A request waiting in the mailbox of a stream. */
export type Request<State, Command, Event, Refusal> =
  Execution<Command, Event, Refusal> | DryRun<Command> | Reading<State>;

interface Waiting {
  /** Number of attempts on a state that turned out to be outdated. */
  tries: number;
  /** Called with an `Outcome`, or the result of a read. */
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export interface Execution<Command, Event, Refusal> extends Waiting {
  readonly kind: 'execute';
  readonly command: Command;
  readonly context: CommandContext;
  /** Arrival time on the clock of `performance.now()`. */
  readonly since: number;
  /** Only for repeatable commands. */
  repeat: Repeat<Command, Event, Refusal> | null;
  /** The outcome, as soon as the command is accepted with events. */
  accepted: Outcome<Event, Refusal> | null;
}

/** Earlier requests with the same command id. */
export interface Repeat<Command, Event, Refusal> {
  /** An earlier request in this process that was still unanswered when this one arrived. */
  readonly inFlight: Execution<Command, Event, Refusal> | null;
  /** The events recorded for the command; `null` while the store is queried. */
  recorded: readonly RecordedEvent[] | null;
}

export interface DryRun<Command> extends Waiting {
  readonly kind: 'dryRun';
  readonly command: Command;
  readonly expectedRevision: number | readonly number[] | undefined;
}

export interface Reading<State> extends Waiting {
  readonly kind: 'read';
  /** Answered only after verifying that the state is current. */
  readonly consistent: boolean;
  select(state: State, revision: number, revisionOf: (setting: string) => number): unknown;
}

/** A request and its answer, sent once everything it depends on is durable. */
export interface Answer<State, Command, Event, Refusal> {
  readonly request: Request<State, Command, Event, Refusal>;
  readonly value: unknown;
  /** Receives the position of the append; `null` if nothing is recorded. */
  readonly records: { position: bigint } | null;
}
