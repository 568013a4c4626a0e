import { LRUCache } from 'lru-cache';
import type { Aggregate, CommandContext, Outcome } from './aggregate.js';
import { RuntimeStopped } from './errors.js';
import type { EventStore } from './event-store.js';
import { SILENT } from './logger.js';
import type { Logger } from './logger.js';
import { GroupCommit, APPEND_RETRY_DELAYS_MS } from './runtime/group-commit.js';
import { Mailbox } from './runtime/mailbox.js';
import type { MailboxDependencies } from './runtime/mailbox.js';
import type { Request } from './runtime/request.js';
import { withStateLimit, defaultIdleStateBytes } from './runtime/memory.js';
import { SnapshotWriter } from './runtime/snapshot-writer.js';
import { catchUp, loadState, revisionOf } from './runtime/state.js';
import type { LiveState } from './runtime/state.js';
import type { SnapshotStore } from './snapshot-store.js';

export interface RuntimeOptions {
  readonly store: EventStore;
  readonly snapshots?: SnapshotStore;
  /**
   * Maximum size of the idle states kept in memory, in bytes as reported by `Snapshotting.sizeOf`; the least recently
   * used are evicted. A single larger state is kept alone. Default: a quarter of the heap, at most 512 MiB.
   */
  readonly maxStateBytes?: number;
  /**
   * Maximum size of a single state in bytes; a command or load that would exceed it fails with `StateTooLarge`.
   * Default: unlimited.
   */
  readonly maxBytesPerState?: number;
  /** Maximum number of requests waiting for one stream before `Overloaded` is thrown. Default 10,000. */
  readonly maxWaiting?: number;
  /**
   * Delays in milliseconds before an unanswered append is retried; after the last one it fails with `OutcomeUnknown`.
   */
  readonly appendRetryDelays?: readonly number[];
  /** Source of `recordedAt`. */
  readonly clock?: () => Date;
  readonly logger?: Logger;
  readonly metrics?: RuntimeMetrics;
}

/** Hooks for counters and histograms. They run on the hot path: keep them cheap. */
export interface RuntimeMetrics {
  /** A command was received; `answered` follows. */
  received?(category: string): void;
  /** A command completed, with its outcome and its duration in milliseconds. */
  answered?(category: string, kind: 'accepted' | 'refused' | 'stale' | 'failed', milliseconds: number): void;
  /** One call to the store, with its number of events and streams and its duration in milliseconds. */
  appended?(events: number, streams: number, milliseconds: number): void;
  conflicted?(category: string): void;
  /** A state was loaded: number of events read (after the snapshot, if any) and milliseconds. */
  loaded?(category: string, events: number, milliseconds: number): void;
  /** An invalid snapshot was ignored and the whole stream was read. */
  snapshotIgnored?(category: string): void;
}

/** Reads from a state; `revisionOf` returns the revision of a setting (see `Aggregate.settingsOf`). */
export type StateSelector<State, T> = (state: State, revision: number, revisionOf: (setting: string) => number) => T;

export interface ReadOptions {
  readonly consistent?: boolean;
}

export interface Handler<State, Command, Event, Refusal> {
  /**
   * Decides on the stream `<category>-<id>` and resolves once the decision and everything it depends on are durable.
   * Rejects with `Overloaded`, `TooManyConflicts`, `OutcomeUnknown`, `RuntimeStopped`, or whatever the aggregate threw.
   */
  execute(id: string, command: Command, context: CommandContext): Promise<Outcome<Event, Refusal>>;
  /** Decides like `execute` but records nothing (R7); `revision` is the revision it was decided at. */
  dryRun(
    id: string,
    command: Command,
    context?: Pick<CommandContext, 'expectedRevision'>,
  ): Promise<Outcome<Event, Refusal>>;
  /**
   * Reads the state after all requests queued before it; `initial()` and `NO_STREAM` if the stream does not exist. The
   * state is mutable: copy what you need and keep no reference. A state in memory may lack events that another process
   * has just appended; with `consistent` it includes every event appended before this call.
   */
  read<T>(id: string, select: StateSelector<State, T>, options?: ReadOptions): Promise<T>;
}

/**
 * Executes commands on aggregates: one mailbox per stream, one append for all streams that are ready together, states
 * cached in memory. The design is described in `docs/adr`, `Mailbox` and `GroupCommit`.
 */
export class CommandRuntime {
  readonly #options: RuntimeOptions;
  readonly #logger: Logger;
  readonly #commit: GroupCommit;
  readonly #snapshots: SnapshotWriter | null;
  /** Mailboxes with waiting requests, by stream. */
  readonly #busy = new Map<string, AnyMailbox>();
  /** Mailboxes without waiting requests, by stream. */
  readonly #idle: LRUCache<string, AnyMailbox>;
  readonly #maxStateBytes: number;
  readonly #stopListening: () => void;
  #foreignAppends = 0;
  #lastPosition = 0n;
  #stopped = false;
  #whenIdle: (() => void) | null = null;

  constructor(options: RuntimeOptions) {
    this.#options = options;
    this.#logger = options.logger ?? SILENT;
    this.#maxStateBytes = options.maxStateBytes ?? Math.floor(defaultIdleStateBytes());
    this.#idle = new LRUCache({ maxSize: this.#maxStateBytes });
    this.#snapshots = options.snapshots ? new SnapshotWriter(options.snapshots, this.#logger) : null;
    this.#commit = new GroupCommit(
      options.store,
      this.#logger,
      options.appendRetryDelays ?? APPEND_RETRY_DELAYS_MS,
      (events, streams, milliseconds, position) => {
        if (position > this.#lastPosition) this.#lastPosition = position;
        options.metrics?.appended?.(events, streams, milliseconds);
        this.#logger.debug?.({ events, streams, durationMs: milliseconds }, 'events appended');
      },
    );
    this.#stopListening = options.store.onAppend((byAnotherProcess) => {
      if (byAnotherProcess) this.#foreignAppends++;
    });
  }

  /** The last position appended by this process; a projection must reach it to show the process its own writes. */
  get lastPosition(): bigint {
    return this.#lastPosition;
  }

  /** Size of the idle states in bytes, as reported by `Snapshotting.sizeOf`. */
  get stateBytes(): number {
    return this.#idle.calculatedSize;
  }

  /** Creates the handler of an aggregate. Create exactly one handler per aggregate. */
  aggregate<State, Command, Event, Refusal>(
    definition: Aggregate<State, Command, Event, Refusal>,
  ): Handler<State, Command, Event, Refusal> {
    const { maxBytesPerState = Number.POSITIVE_INFINITY } = this.#options;
    const aggregate = withStateLimit(definition, maxBytesPerState);
    type StreamMailbox = Mailbox<State, Command, Event, Refusal>;
    const { category } = aggregate;
    if (!/^[^-]+$/.test(category))
      throw new Error(`invalid category "${category}": a category must be non-empty and must not contain "-"`);
    const find = (id: string): StreamMailbox => {
      const streamName = `${category}-${id}`;
      return (this.#busy.get(streamName) ??
        this.#idle.get(streamName) ??
        this.#mailbox(streamName, aggregate)) as StreamMailbox;
    };
    const submit = (
      id: string,
      request: (answer: Completion) => Request<State, Command, Event, Refusal>,
    ): Promise<never> =>
      new Promise((resolve, reject) => {
        if (this.#stopped) reject(new RuntimeStopped());
        else find(id).enqueue(request({ tries: 0, resolve, reject }));
      });
    return {
      execute: (id, command, context) =>
        submit(id, (answer) => {
          this.#options.metrics?.received?.(category);
          const since = performance.now();
          return { kind: 'execute', command, context, since, repeat: null, accepted: null, ...answer };
        }),
      dryRun: (id, command, context) =>
        submit(id, (answer) => ({ kind: 'dryRun', command, expectedRevision: context?.expectedRevision, ...answer })),
      read: async (id, select, { consistent = false } = {}) => {
        const state = this.#stopped || consistent ? null : find(id).idleState;
        if (state) return select(state.value, state.revision, (setting) => revisionOf(state, setting));
        return submit(id, (answer) => ({ kind: 'read', select, consistent, ...answer }));
      },
    };
  }

  /** Rejects new commands, completes the accepted ones and finishes writing snapshots. The store stays open. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopListening();
    if (this.#busy.size > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
    await this.#snapshots?.finished();
  }

  #mailbox<State, Command, Event, Refusal>(
    streamName: string,
    aggregate: Aggregate<State, Command, Event, Refusal>,
  ): Mailbox<State, Command, Event, Refusal> {
    const { store, metrics, clock, maxWaiting = 10_000 } = this.#options;
    const { category, snapshot } = aggregate;
    const settled = (state: LiveState<State>): void => {
      this.#snapshots?.offer(streamName, state, aggregate);
    };
    const dependencies: MailboxDependencies<State> = {
      maxWaiting,
      foreignAppends: () => this.#foreignAppends,
      now: clock ?? (() => new Date()),
      load: () => this.#load(streamName, aggregate),
      catchUp: async (state) => void (await catchUp(state, streamName, aggregate, store)),
      streamRevision: () => store.streamRevision(streamName),
      findByCommand: (commandId) => store.findByCommand(streamName, commandId),
      ready: (stream) => this.#commit.add(stream),
      busy: () => void this.#busy.set(streamName, mailbox),
      idle: () => this.#rest(streamName, mailbox, (state) => snapshot?.sizeOf?.(state as State)),
      settled,
      answered: (kind, since) => metrics?.answered?.(category, kind, performance.now() - since),
      conflicted: () => metrics?.conflicted?.(category),
    };
    const mailbox = new Mailbox(streamName, aggregate, dependencies);
    return mailbox;
  }

  async #load<State, Event>(
    streamName: string,
    aggregate: Aggregate<State, never, Event, unknown>,
  ): Promise<LiveState<State>> {
    const { store, snapshots, metrics } = this.#options;
    const start = performance.now();
    const { state, eventsRead } = await loadState(streamName, aggregate, store, snapshots, (reason) => {
      metrics?.snapshotIgnored?.(aggregate.category);
      this.#logger.warn(
        { err: reason, stream: streamName },
        'invalid snapshot ignored, stream read from the beginning',
      );
    });
    const milliseconds = performance.now() - start;
    metrics?.loaded?.(aggregate.category, eventsRead, milliseconds);
    this.#logger.debug?.({ stream: streamName, eventsRead, durationMs: milliseconds }, 'state loaded');
    return state;
  }

  /** Moves a mailbox without waiting requests to the cache of idle states. */
  #rest(streamName: string, mailbox: AnyMailbox, sizeOf: SizeOf): void {
    this.#busy.delete(streamName);
    if (this.#stopped && this.#busy.size === 0) this.#whenIdle?.();
    // The cache only accepts a new size with a new entry.
    this.#idle.delete(streamName);
    const { state } = mailbox;
    if (!state) return;
    const bytes = sizeOf(state.value) ?? defaultStateSize(state.revision + 1);
    this.#idle.set(streamName, mailbox, { size: Math.min(Math.max(1, Math.ceil(bytes)), this.#maxStateBytes) });
  }
}

type Completion = Pick<Request<never, never, never, never>, 'tries' | 'resolve' | 'reject'>;
type SizeOf = (state: unknown) => number | undefined;

/** A mailbox of any aggregate. */
interface AnyMailbox {
  readonly state: LiveState<unknown> | null;
}

/** Estimated size of a state whose aggregate has no `sizeOf`. */
const defaultStateSize = (events: number): number => 2_048 + 256 * events;
