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
   * Bound on the states kept in memory between commands, in bytes as `Snapshotting.sizeOf` counts them; least recently
   * used out. One state larger than all of it is kept alone. Default: a quarter of the heap, 512 MiB at most.
   */
  readonly maxStateBytes?: number;
  /** Bound on one state: what would grow beyond it is refused with `StateTooLarge`. Default: none. */
  readonly maxBytesPerState?: number;
  /** Commands that may wait for one stream before `Overloaded`. Default 10,000. */
  readonly maxWaiting?: number;
  /** An append without an answer is sent again after these many milliseconds, then given up as `OutcomeUnknown`. */
  readonly appendRetryDelays?: readonly number[];
  /** Stamps `recordedAt`. */
  readonly clock?: () => Date;
  readonly logger?: Logger;
  readonly metrics?: RuntimeMetrics;
}

/** What happened, for counters and histograms. Called on the hot path: keep it cheap. */
export interface RuntimeMetrics {
  /** A command is to be executed; `answered` follows. */
  received?(category: string): void;
  /** How it ended, and after how many milliseconds. */
  answered?(category: string, kind: 'accepted' | 'refused' | 'stale' | 'failed', milliseconds: number): void;
  /** One call of the store: events, streams and milliseconds. */
  appended?(events: number, streams: number, milliseconds: number): void;
  conflicted?(category: string): void;
  /** A state came from the store: events read (after a snapshot, if there was one) and milliseconds. */
  loaded?(category: string, events: number, milliseconds: number): void;
  /** A snapshot that could not be trusted; the stream was read instead. */
  snapshotIgnored?(category: string): void;
}

/** `revisionOf` a setting of the stream: `Aggregate.settingsOf`. */
export type StateSelector<State, T> = (state: State, revision: number, revisionOf: (setting: string) => number) => T;

export interface ReadOptions {
  readonly consistent?: boolean;
}

export interface Handler<State, Command, Event, Refusal> {
  /**
   * Decides on the stream `<category>-<id>` and answers when what it decided, and everything that rests on, is durable.
   * Rejects with `Overloaded`, `TooManyConflicts`, `OutcomeUnknown`, `RuntimeStopped`, or what the aggregate threw.
   */
  execute(id: string, command: Command, context: CommandContext): Promise<Outcome<Event, Refusal>>;
  /** Decides as `execute` would and records nothing (domain.md R7); `revision` is the one it was decided on. */
  dryRun(
    id: string,
    command: Command,
    context?: Pick<CommandContext, 'expectedRevision'>,
  ): Promise<Outcome<Event, Refusal>>;
  /**
   * Looks at the state after everything queued before; `initial()` and `NO_STREAM` when there is no such stream. The state
   * goes on changing: return what you need of it, keep no reference. A state in memory may lack what another process has
   * just appended; with `consistent` it has everything that was appended before this call.
   */
  read<T>(id: string, select: StateSelector<State, T>, options?: ReadOptions): Promise<T>;
}

/**
 * Runs commands on aggregates: a mailbox per stream, one append for all streams that are ready together, states in
 * memory. How: `docs/adr`, and `Mailbox`, `GroupCommit`.
 */
export class CommandRuntime {
  readonly #options: RuntimeOptions;
  readonly #logger: Logger;
  readonly #commit: GroupCommit;
  readonly #snapshots: SnapshotWriter | null;
  /** Streams something waits for. */
  readonly #busy = new Map<string, AnyMailbox>();
  /** Streams at rest. */
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

  /** The last position this process appended: what a projection must have reached to show its own writes. */
  get lastPosition(): bigint {
    return this.#lastPosition;
  }

  /** Bytes of the states at rest, as `Snapshotting.sizeOf` counts them. */
  get stateBytes(): number {
    return this.#idle.calculatedSize;
  }

  /** Commands are for one handler per aggregate; make it once. */
  aggregate<State, Command, Event, Refusal>(
    definition: Aggregate<State, Command, Event, Refusal>,
  ): Handler<State, Command, Event, Refusal> {
    const { maxBytesPerState = Number.POSITIVE_INFINITY } = this.#options;
    const aggregate = withStateLimit(definition, maxBytesPerState);
    type StreamMailbox = Mailbox<State, Command, Event, Refusal>;
    const { category } = aggregate;
    if (!/^[^-]+$/.test(category)) throw new Error(`a category is not empty and has no "-": ${category}`);
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

  /** Takes no new commands, answers the accepted ones, finishes the snapshots. The store stays open. */
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
        'a snapshot was ignored and the stream read from its beginning',
      );
    });
    const milliseconds = performance.now() - start;
    metrics?.loaded?.(aggregate.category, eventsRead, milliseconds);
    this.#logger.debug?.({ stream: streamName, eventsRead, durationMs: milliseconds }, 'state loaded');
    return state;
  }

  /** Nothing waits any more: the state stays as long as there is room. */
  #rest(streamName: string, mailbox: AnyMailbox, sizeOf: SizeOf): void {
    this.#busy.delete(streamName);
    if (this.#stopped && this.#busy.size === 0) this.#whenIdle?.();
    // The cache takes a new size with a new entry only.
    this.#idle.delete(streamName);
    const { state } = mailbox;
    if (!state) return;
    const bytes = sizeOf(state.value) ?? defaultStateSize(state.revision + 1);
    this.#idle.set(streamName, mailbox, { size: Math.min(Math.max(1, Math.ceil(bytes)), this.#maxStateBytes) });
  }
}

type Completion = Pick<Request<never, never, never, never>, 'tries' | 'resolve' | 'reject'>;
type SizeOf = (state: unknown) => number | undefined;

/** A mailbox, whatever its aggregate is. */
interface AnyMailbox {
  readonly state: LiveState<unknown> | null;
}

/** Of an aggregate that does not say how large its states are. */
const defaultStateSize = (events: number): number => 2_048 + 256 * events;
