import type { Aggregate } from './aggregate.js';
import type { EventStore } from './event-store.js';
import { SILENT } from './logger.js';
import type { Logger } from './logger.js';
import { ForeignAppends } from './runtime/foreign-appends.js';
import { GroupCommit } from './runtime/group-commit.js';
import { createHandler, type Handler } from './runtime/handler.js';
import { withStateLimit, defaultIdleStateBytes } from './runtime/memory.js';
import type { RuntimeMetrics } from './runtime/metrics.js';
import { Snapshots } from './runtime/snapshots.js';
import type { StreamDependencies } from './runtime/stream-processor.js';
import { StreamRegistry } from './runtime/stream-registry.js';
import type { SnapshotStore } from './snapshot-store.js';

export type { Handler, HandlerOf, ReadOptions, StateSelector } from './runtime/handler.js';
export type { RuntimeMetrics } from './runtime/metrics.js';

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

/**
 * Executes commands on aggregates: one processor per stream, one append for all streams that are ready together, states
 * cached in memory. The design is described in `docs/adr`, `StreamProcessor` and `GroupCommit`.
 */
export class CommandRuntime {
  readonly #dependencies: StreamDependencies;
  readonly #maxBytesPerState: number;

  constructor(options: RuntimeOptions) {
    const { store, metrics = {}, logger = SILENT, maxStateBytes = Math.floor(defaultIdleStateBytes()) } = options;
    this.#maxBytesPerState = options.maxBytesPerState ?? Number.POSITIVE_INFINITY;
    this.#dependencies = {
      store,
      metrics,
      logger,
      commit: new GroupCommit(store, metrics, logger, options.appendRetryDelays),
      snapshots: new Snapshots(store, options.snapshots, metrics, logger),
      registry: new StreamRegistry(maxStateBytes),
      foreignAppends: new ForeignAppends(store),
      now: options.clock ?? (() => new Date()),
      maxWaiting: options.maxWaiting ?? 10_000,
    };
  }

  /** The last position appended by this process; a projection must reach it to show the process its own writes. */
  get lastPosition(): bigint {
    return this.#dependencies.commit.lastPosition;
  }

  /** Size of the idle states in bytes, as reported by `Snapshotting.sizeOf`. */
  get stateBytes(): number {
    return this.#dependencies.registry.bytes;
  }

  /** Creates the handler of an aggregate. Create exactly one handler per aggregate. */
  aggregate<State, Command, Event, Refusal>(
    definition: Aggregate<State, Command, Event, Refusal>,
  ): Handler<State, Command, Event, Refusal> {
    const { category } = definition;
    if (!/^[^-]+$/.test(category))
      throw new Error(`invalid category "${category}": a category must be non-empty and must not contain "-"`);
    return createHandler(withStateLimit(definition, this.#maxBytesPerState), this.#dependencies);
  }

  /** Rejects new commands, completes the accepted ones and finishes writing snapshots. The store stays open. */
  async stop(): Promise<void> {
    const { registry, foreignAppends, snapshots } = this.#dependencies;
    foreignAppends.stop();
    await registry.stop();
    await snapshots.finished();
  }
}
