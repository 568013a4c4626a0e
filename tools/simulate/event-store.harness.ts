import {
  readBatchOf,
  type AppendResult,
  type Batch,
  type EventStore,
  type RecordedEvent,
  type Snapshot,
  type SnapshotStore,
  type StreamAppend,
} from '@allotree/event-sourcing';
import type { Network } from './network.harness.js';
import { Unreachable, Server } from './network.harness.js';
import { Owner } from './virtual-time.harness.js';

/** Mistakes that an event store could make. Each is one that the checks must find. */
export interface StoreFlaws {
  /** Confirms an append when it arrives, and may lose it. */
  readonly answersBeforeAppend?: boolean;
  /** Shows positions while an append with a lower one is still in progress. */
  readonly skipsHorizon?: boolean;
  /** Sends an append again under new ids when its outcome is unknown. */
  readonly sendsTwice?: boolean;
}

interface Transaction {
  readonly id: number;
  readonly appends: readonly StreamAppend[];
  answer(results: readonly AppendResult[]): void;
  fail(reason: Error): void;
  isEnded: boolean;
}

const PAGE = 25;
/** Positions per transaction. */
const STEP = 1_048_576n;

/** Called at the instant of every commit. */
export type Committed = (events: readonly RecordedEvent[]) => void;

/**
 * The server of the event store, as PostgreSQL keeps it: a transaction has its positions from its start, others see them from its
 * commit, and streams are locked in between. What is committed survives every crash.
 */
export class EventStoreServer extends Server {
  readonly streams = new Map<string, RecordedEvent[]>();
  /** All events, by position. */
  readonly log: RecordedEvent[] = [];
  readonly snapshots = new Map<string, Snapshot>();
  readonly listeners = new Set<(origin: object) => void>();
  readonly #running = new Set<Transaction>();
  readonly #locks = new Map<string, { holder: Transaction; waiting: (() => void)[] }>();
  #nextId = 1;

  constructor(
    readonly network: Network,
    readonly flaws: StoreFlaws,
    private readonly committed: Committed,
  ) {
    super(new Owner('event store'));
  }

  revisionOf(streamName: string): number {
    return (this.streams.get(streamName)?.length ?? 0) - 1;
  }

  begin(appends: readonly StreamAppend[], answer: Transaction['answer'], fail: Transaction['fail']): void {
    const transaction: Transaction = { id: this.#nextId++, appends, answer, fail, isEnded: false };
    this.#running.add(transaction);
    if (this.flaws.answersBeforeAppend) answer(this.#results(transaction));
    const names = appends.map(({ streamName }) => streamName).sort();
    this.#lock(transaction, names);
  }

  /** Everything below it is final. */
  get horizon(): bigint {
    let lowest = this.#nextId;
    if (!this.flaws.skipsHorizon) for (const { id } of this.#running) lowest = Math.min(lowest, id);
    return BigInt(lowest) * STEP;
  }

  endAll(): void {
    for (const transaction of this.#running) transaction.isEnded = true;
    this.#running.clear();
    this.#locks.clear();
  }

  #lock(transaction: Transaction, [name, ...rest]: readonly string[]): void {
    if (transaction.isEnded) return;
    if (name === undefined) return this.#work(transaction);
    const lock = this.#locks.get(name);
    if (lock) return void lock.waiting.push(() => this.#lock(transaction, [name, ...rest]));
    this.#locks.set(name, { holder: transaction, waiting: [] });
    this.#lock(transaction, rest);
  }

  #work(transaction: Transaction): void {
    const { random, time } = this.network;
    const takes = this.network.happens('slow') ? random.between(10, 3_000) : random.between(0.2, 2);
    time.schedule(takes, () => this.#commit(transaction), this.owner);
  }

  #commit(transaction: Transaction): void {
    if (transaction.isEnded) return;
    const { random } = this.network;
    const isTorn = transaction.appends.length > 1 && this.network.happens('torn');
    const done = isTorn ? transaction.appends.slice(0, random.int(0, transaction.appends.length - 1)) : undefined;
    const results = this.#results(transaction);
    const written: RecordedEvent[] = [];
    let position = BigInt(transaction.id) * STEP;
    (done ?? transaction.appends).forEach((append, index) => {
      const isNew = append.expectedRevision === this.revisionOf(append.streamName);
      if (!results[index]!.ok || !isNew) return void (position += BigInt(append.events.length));
      const stream = this.streams.get(append.streamName) ?? [];
      this.streams.set(append.streamName, stream);
      for (const { type, data, metadata } of append.events) {
        const revision = stream.length;
        const stored = JSON.parse(JSON.stringify({ type, data, metadata })) as (typeof append.events)[number];
        const event = { ...stored, streamName: append.streamName, revision, position: ++position };
        stream.push(event);
        written.push(event);
      }
    });
    this.#insert(written);
    this.#end(transaction);
    if (written.length > 0) {
      this.network.trace.add(
        'event store',
        `commits ${written.map((event) => `${event.streamName}@${event.revision} ${event.type} (${event.metadata.commandId})`).join(', ')}`,
      );
      this.committed(written);
    }
    if (isTorn) transaction.fail(new Unreachable('append: only a part is known to be done'));
    else if (!this.flaws.answersBeforeAppend) transaction.answer(results);
  }

  #insert(written: readonly RecordedEvent[]): void {
    const [first] = written;
    if (!first) return;
    let index = this.log.length;
    while (index > 0 && this.log[index - 1]!.position > first.position) index--;
    if (index === this.log.length) this.log.push(...written);
    else this.log.splice(index, 0, ...written);
  }

  #end(transaction: Transaction): void {
    transaction.isEnded = true;
    this.#running.delete(transaction);
    for (const { streamName } of transaction.appends) {
      const lock = this.#locks.get(streamName);
      if (lock?.holder !== transaction) continue;
      this.#locks.delete(streamName);
      for (const retry of lock.waiting) retry();
    }
  }

  #results({ id, appends }: Transaction): AppendResult[] {
    let position = BigInt(id) * STEP;
    return appends.map(({ streamName, expectedRevision, events }) => {
      position += BigInt(events.length);
      const revision = this.revisionOf(streamName);
      if (expectedRevision === revision) return { ok: true, revision: revision + events.length, position };
      const held =
        this.streams.get(streamName)?.slice(expectedRevision + 1, expectedRevision + 1 + events.length) ?? [];
      const isHeld = held.every((event, i) => event.metadata.eventId === events[i]!.metadata.eventId);
      const last = held.at(-1);
      if (isHeld && held.length === events.length && last)
        return { ok: true, revision: last.revision, position: last.position };
      return { ok: false, actualRevision: revision };
    });
  }
}

/** The event store as one process uses it. */
export class SimulatedEventStore implements EventStore, SnapshotStore {
  /** Highest head seen. */
  #final = 0n;
  readonly #listeners = new Set<(byAnotherProcess: boolean) => void>();
  readonly #hear = (origin: object): void => {
    if (origin === this || this.#listeners.size === 0) return;
    this.server.network.notify(this.owner, () => this.#notify(true));
  };

  constructor(
    private readonly server: EventStoreServer,
    private readonly owner: Owner,
  ) {
    server.listeners.add(this.#hear);
  }

  /** Its process is gone. */
  detach(): void {
    this.server.listeners.delete(this.#hear);
  }

  async append(appends: readonly StreamAppend[]): Promise<readonly AppendResult[]> {
    try {
      return await this.#append(appends);
    } catch (error) {
      if (!this.server.flaws.sendsTwice) throw error;
      return this.#append(appends.map((append) => this.#renamed(append)));
    }
  }

  async #append(appends: readonly StreamAppend[]): Promise<readonly AppendResult[]> {
    const { server } = this;
    const results = await this.#ask<readonly AppendResult[]>(
      `append to ${appends.map(({ streamName }) => streamName).join(', ')}`,
      (answer, fail) => server.begin(appends, answer, fail),
    );
    if (results.some(({ ok }) => ok)) {
      this.#notify(false);
      for (const listener of server.listeners) listener(this);
    }
    return results;
  }

  #renamed({ streamName, events }: StreamAppend): StreamAppend {
    return {
      streamName,
      expectedRevision: this.server.revisionOf(streamName),
      events: events.map((event) => ({
        ...event,
        metadata: { ...event.metadata, eventId: this.server.network.random.uuid() },
      })),
    };
  }

  async *readStream(streamName: string, fromRevision = 0): AsyncIterable<RecordedEvent> {
    for (let next = fromRevision; ;) {
      const events = await this.#read(`read ${streamName} from ${next}`, () =>
        (this.server.streams.get(streamName) ?? []).slice(next, next + PAGE),
      );
      yield* events;
      if (events.length < PAGE) return;
      next += events.length;
    }
  }

  streamRevision(streamName: string): Promise<number> {
    return this.#read(`revision of ${streamName}`, () => this.server.revisionOf(streamName));
  }

  findByCommand(streamName: string, commandId: string): Promise<readonly RecordedEvent[]> {
    return this.#read(`events of ${commandId} in ${streamName}`, () =>
      (this.server.streams.get(streamName) ?? []).filter(({ metadata }) => metadata.commandId === commandId),
    );
  }

  readAll(categories: readonly string[], position: bigint, limit: number): Promise<readonly RecordedEvent[]> {
    const final = this.#final;
    return this.#read(`read all after ${position}`, () => {
      const { horizon, log } = this.server;
      const end = horizon > final ? horizon : final + 1n;
      const events: RecordedEvent[] = [];
      for (let i = firstAfter(log, position); i < log.length && events.length < limit; i++) {
        const event = log[i]!;
        if (event.position >= end) break;
        if (categories.includes(event.streamName.slice(0, event.streamName.indexOf('-')))) events.push(event);
      }
      return events;
    });
  }

  readBatch(categories: readonly string[], after: bigint, limit: number): Promise<Batch> {
    return readBatchOf(this, categories, after, limit);
  }

  identity(): Promise<string> {
    return this.#read('identity', () => 'simulated');
  }

  async head(): Promise<bigint> {
    const head = await this.#read('head', () => {
      const { horizon, log } = this.server;
      const next = firstAfter(log, horizon - 1n);
      return log[next - 1]?.position ?? 0n;
    });
    if (head > this.#final) this.#final = head;
    return this.#final;
  }

  onAppend(listener: (byAnotherProcess: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  load(streamName: string): Promise<Snapshot | null> {
    return this.#read(`snapshot of ${streamName}`, () => this.server.snapshots.get(streamName) ?? null);
  }

  async save(streamName: string, snapshot: Snapshot): Promise<void> {
    await this.#read(`save snapshot of ${streamName}`, () => this.server.snapshots.set(streamName, snapshot));
  }

  async close(): Promise<void> {
    this.#listeners.clear();
  }

  #read<Result>(name: string, read: () => Result): Promise<Result> {
    return this.#ask<Result>(name, (answer) => answer(read()));
  }

  #ask<Answer>(name: string, serve: (answer: (value: Answer) => void, fail: (reason: Error) => void) => void) {
    const { network } = this.server;
    if (network.time.current !== this.owner) throw new Error(`${name}: called by ${network.time.current.name}`);
    return network.request<Answer>(this.server, name, serve);
  }

  #notify(byAnotherProcess: boolean): void {
    for (const listener of this.#listeners) listener(byAnotherProcess);
  }
}

/** Index of the first event after a position. */
function firstAfter(log: readonly RecordedEvent[], position: bigint): number {
  let [low, high] = [0, log.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (log[middle]!.position <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
