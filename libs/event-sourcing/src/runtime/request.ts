import type { CommandContext, Outcome } from '../aggregate.js';
import type { RecordedEvent } from '../event-store.js';

/** Something a caller waits for in the mailbox of a stream. */
export type Request<State, Command, Event, Refusal> =
  Execution<Command, Event, Refusal> | DryRun<Command> | Reading<State>;

interface Waiting {
  /** How often its answer rested on a state that turned out not to be the stream's. */
  tries: number;
  /** Takes an `Outcome`, or what a reading saw. */
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export interface Execution<Command, Event, Refusal> extends Waiting {
  readonly kind: 'execute';
  readonly command: Command;
  readonly context: CommandContext;
  /** When it came, on the clock of `performance.now()`. */
  readonly since: number;
  /** Only of a repeatable command. */
  repeat: Repeat<Command, Event, Refusal> | null;
  /** That it was accepted with events, as soon as that is decided. */
  accepted: Outcome<Event, Refusal> | null;
}

/** What is known about earlier times of the same command id. */
export interface Repeat<Command, Event, Refusal> {
  /** The one before it in this process that had no answer yet when this one came. */
  readonly inFlight: Execution<Command, Event, Refusal> | null;
  /** What the store holds of it; `null` while it is being asked. */
  recorded: readonly RecordedEvent[] | null;
}

export interface DryRun<Command> extends Waiting {
  readonly kind: 'dryRun';
  readonly command: Command;
  readonly expectedRevision: number | readonly number[] | undefined;
}

export interface Reading<State> extends Waiting {
  readonly kind: 'read';
  /** Answered only when the stream has been seen to be where the state is. */
  readonly consistent: boolean;
  select(state: State, revision: number, revisionOf: (setting: string) => number): unknown;
}

/** A request and what it will be told, once what it rests on is durable. */
export interface Answer<State, Command, Event, Refusal> {
  readonly request: Request<State, Command, Event, Refusal>;
  readonly value: unknown;
  /** It takes the position of the append; `null` where nothing is recorded. */
  readonly records: { position: bigint } | null;
}
