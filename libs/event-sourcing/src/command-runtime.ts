import type { Aggregate, CommandContext, Outcome } from './aggregate.js';
import type { EventStore } from './event-store.js';
import type { Logger } from './logger.js';
import type { SnapshotStore } from './snapshot-store.js';

export interface RuntimeOptions {
  readonly store: EventStore;
  readonly snapshots?: SnapshotStore;
  /** Bound on the states kept in memory, in bytes as `Snapshotting.sizeOf` counts them. Default 512 MiB. */
  readonly maxStateBytes?: number;
  /** Commands that may wait for one stream before `Overloaded`. Default 10,000. */
  readonly maxWaiting?: number;
  /** Stamps `recordedAt`. */
  readonly clock?: () => Date;
  readonly logger?: Logger;
  readonly metrics?: RuntimeMetrics;
}

/** What happened, for counters and histograms. Called on the hot path: keep it cheap. */
export interface RuntimeMetrics {
  answered?(category: string, kind: 'accepted' | 'refused' | 'stale' | 'failed'): void;
  /** One call of the store: events, streams and milliseconds. */
  appended?(events: number, streams: number, milliseconds: number): void;
  conflicted?(category: string): void;
  /** A state came from the store: events read (after a snapshot, if there was one) and milliseconds. */
  loaded?(category: string, events: number, milliseconds: number): void;
  snapshotIgnored?(category: string): void;
}

export interface Handler<State, Command, Event, Refusal> {
  /** Answers when the events are durable. Rejects with `Overloaded`, `TooManyConflicts`, `OutcomeUnknown`, `RuntimeStopped`. */
  execute(id: string, command: Command, context: CommandContext): Promise<Outcome<Event, Refusal>>;
  /** Decides as `execute` would and records nothing; `revision` is the one it was decided on. */
  dryRun(id: string, command: Command, context?: Pick<CommandContext, 'expectedRevision'>): Promise<Outcome<Event, Refusal>>;
  /** Looks at the state after everything queued before; `initial()` and `NO_STREAM` when there is no such stream. Keep no reference to it. */
  read<T>(id: string, look: (state: State, revision: number) => T): Promise<T>;
}

export class CommandRuntime {
  constructor(readonly options: RuntimeOptions) {}
  get lastPosition(): bigint {
    throw new Error('not built yet');
  }
  aggregate<State, Command, Event, Refusal>(
    _aggregate: Aggregate<State, Command, Event, Refusal>,
  ): Handler<State, Command, Event, Refusal> {
    throw new Error('not built yet');
  }
  async stop(): Promise<void> {}
}
