import type { AggregateTypes, CommandContext, Outcome } from '../aggregate.js';
import type { RecordedEvent } from '../event-store.js';

/** A request waiting for its turn on a stream. */
export type Request<T extends AggregateTypes> = Execution<T> | DryRun<T> | Reading<T>;

interface Waiting {
  /** Number of attempts on a state that turned out to be outdated. */
  tries: number;
  /** Called with an `Outcome`, or the result of a read. */
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export interface Execution<T extends AggregateTypes> extends Waiting {
  readonly kind: 'execute';
  readonly command: T['command'];
  readonly context: CommandContext;
  /** Arrival time on the clock of `performance.now()`. */
  readonly since: number;
  /** Only for repeatable commands. */
  repeat: Repeat<T> | null;
  /** The outcome, as soon as the command is accepted with events. */
  accepted: Outcome<T['event'], T['refusal']> | null;
}

/** Earlier requests with the same command id. */
export interface Repeat<T extends AggregateTypes> {
  /** The earlier requests in this process that were still unanswered when this one arrived. */
  readonly inFlight: readonly Execution<T>[];
  /** The events recorded for the command; `null` until the store has answered. */
  recorded: readonly RecordedEvent[] | null;
  /** Settles once the store has answered; never rejects. `null` until the store is queried. */
  lookup: Promise<void> | null;
}

export interface DryRun<T extends AggregateTypes> extends Waiting {
  readonly kind: 'dryRun';
  readonly command: T['command'];
  readonly context: Pick<CommandContext, 'expectedRevision'> | undefined;
}

export interface Reading<T extends AggregateTypes> extends Waiting {
  readonly kind: 'read';
  /** Answered only after verifying that the state is current. */
  readonly consistent: boolean;
  select(state: T['state'], revision: number, revisionOf: (setting: string) => number): unknown;
}

/** A request and its answer, sent once everything it depends on is durable. */
export interface Answer<T extends AggregateTypes> {
  readonly request: Request<T>;
  readonly value: unknown;
  /** Receives the position of the append; `null` if nothing is recorded. */
  readonly records: { position: bigint } | null;
}

/** The request has to wait for another turn. */
export const LATER = Symbol('later');
