import { randomUUID } from 'node:crypto';
import { collect } from '@allotree/testing/event-store-contract';
import { InMemoryEventStore } from '@allotree/testing/in-memory-event-store';
import { seats } from '@allotree/testing/seats';
import type { SeatsCommand } from '@allotree/testing/seats';
import type { CommandContext } from '../aggregate.js';
import { CommandRuntime } from '../command-runtime.js';
import type { RuntimeOptions } from '../command-runtime.js';
import type { AppendResult, EventStore, StreamAppend } from '../event-store.js';
import type { Snapshot, SnapshotStore } from '../snapshot-store.js';

export function context(more: Partial<CommandContext> = {}): CommandContext {
  const commandId = randomUUID();
  return { commandId, correlationId: 'c', causationId: null, actor: 'user:u', tenantId: 't', ...more };
}

export const open = (capacity: number): SeatsCommand => ({ type: 'Open', capacity });
export const take = (who: string): SeatsCommand => ({ type: 'Take', who });
export const takeMany = (count: number): SeatsCommand => ({ type: 'TakeMany', count });

/** A store whose appends wait for permission, can lose the call or the response, and are counted, like its queries. */
export class Gate extends InMemoryEventStore {
  readonly calls: StreamAppend[][] = [];
  closed = false;
  lose: 'call' | 'answer' | null = null;
  /** The queries so far, by the name of the function. */
  queries: ('readStream' | 'streamRevision' | 'findByCommand')[] = [];
  #opened: (() => void)[] = [];

  /** Number of times that a stream was read. */
  get reads(): number {
    return this.queries.filter((query) => query === 'readStream').length;
  }

  override async append(appends: readonly StreamAppend[]): Promise<readonly AppendResult[]> {
    this.calls.push([...appends]);
    if (this.closed) await new Promise<void>((resolve) => this.#opened.push(resolve));
    const { lose } = this;
    this.lose = null;
    if (lose === 'call') throw new Error('connection lost');
    const results = await super.append(appends);
    if (lose === 'answer') throw new Error('connection lost');
    return results;
  }

  override readStream(streamName: string, fromRevision?: number) {
    this.queries.push('readStream');
    return super.readStream(streamName, fromRevision);
  }

  override streamRevision(streamName: string) {
    this.queries.push('streamRevision');
    return super.streamRevision(streamName);
  }

  override findByCommand(streamName: string, commandId: string) {
    this.queries.push('findByCommand');
    return super.findByCommand(streamName, commandId);
  }

  open(): void {
    this.closed = false;
    for (const resolve of this.#opened.splice(0)) resolve();
  }
}

/** A runtime with the handler of `seats`: one process. Give two of them the same store to have them race. */
export function setUp<Store extends EventStore = Gate>(options: Partial<RuntimeOptions> & { store?: Store } = {}) {
  const store = (options.store ?? new Gate()) as Store;
  const runtime = new CommandRuntime({ ...options, store });
  return { store, runtime, handler: runtime.aggregate(seats) };
}

export const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
};

/** Records the order in which promises settle. */
export function watch(): { of<T>(name: string, promise: Promise<T>): Promise<T>; ended: string[] } {
  const ended: string[] = [];
  return { ended, of: (name, promise) => promise.finally(() => ended.push(name)) };
}

export const types = async (store: EventStore, id: string): Promise<string[]> =>
  (await collect(store.readStream(`seats-${id}`))).map(({ type }) => type);

export class Snapshots implements SnapshotStore {
  readonly kept = new Map<string, Snapshot>();
  async load(name: string) {
    return this.kept.get(name) ?? null;
  }
  async save(name: string, snapshot: Snapshot) {
    this.kept.set(name, snapshot);
  }
}
