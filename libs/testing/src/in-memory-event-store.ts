import { randomUUID } from 'node:crypto';
import { categoryOf, NO_STREAM, readBatchOf } from '@allotree/event-sourcing';
import type { AppendResult, Batch, EventStore, RecordedEvent, StreamAppend } from '@allotree/event-sourcing';

/** An in-memory event store for unit specs. Payloads are serialized as in a real store. */
export class InMemoryEventStore implements EventStore {
  readonly #id = randomUUID();
  readonly #events: RecordedEvent[] = [];
  readonly #streams = new Map<string, RecordedEvent[]>();
  readonly #listeners = new Set<(byAnotherProcess: boolean) => void>();

  async append(appends: readonly StreamAppend[]): Promise<readonly AppendResult[]> {
    if (new Set(appends.map(({ streamName }) => streamName)).size < appends.length)
      throw new Error('a stream appears twice in one append');
    // Responds in a later turn of the event loop, like a server.
    await new Promise(setImmediate);
    const results = appends.map((append) => this.#appendOne(append));
    for (const listener of this.#listeners) listener(false);
    return results;
  }

  #appendOne({ streamName, expectedRevision, events }: StreamAppend): AppendResult {
    const stream = this.#streams.get(streamName) ?? [];
    const actualRevision = stream.length - 1;
    if (actualRevision !== expectedRevision)
      return repeated(stream, expectedRevision, events) ?? { ok: false, actualRevision };
    for (const event of events) {
      const { type, data, metadata } = JSON.parse(JSON.stringify(event)) as typeof event;
      stream.push({
        type,
        data,
        metadata,
        streamName,
        revision: stream.length,
        position: BigInt(this.#events.length + 1),
      });
      this.#events.push(stream.at(-1)!);
    }
    this.#streams.set(streamName, stream);
    return { ok: true, revision: stream.length - 1, position: stream.at(-1)?.position ?? 0n };
  }

  async *readStream(streamName: string, fromRevision = 0): AsyncIterable<RecordedEvent> {
    await new Promise(setImmediate);
    yield* (this.#streams.get(streamName) ?? []).slice(fromRevision);
  }

  async streamRevision(streamName: string): Promise<number> {
    return (this.#streams.get(streamName)?.length ?? 0) + NO_STREAM;
  }

  async findByCommand(streamName: string, commandId: string): Promise<readonly RecordedEvent[]> {
    return (this.#streams.get(streamName) ?? []).filter(({ metadata }) => metadata.commandId === commandId);
  }

  async readAll(categories: readonly string[], position: bigint, limit: number): Promise<readonly RecordedEvent[]> {
    await new Promise(setImmediate);
    const among = new Set(categories);
    const found: RecordedEvent[] = [];
    for (let i = Number(position); i < this.#events.length && found.length < limit; i++) {
      const event = this.#events[i]!;
      if (among.has(categoryOf(event.streamName))) found.push(event);
    }
    return found;
  }

  readBatch(categories: readonly string[], after: bigint, limit: number): Promise<Batch> {
    return readBatchOf(this, categories, after, limit);
  }

  async identity(): Promise<string> {
    return this.#id;
  }

  async head(): Promise<bigint> {
    return BigInt(this.#events.length);
  }

  onAppend(listener: (byAnotherProcess: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
  }
}

function repeated(
  stream: readonly RecordedEvent[],
  expectedRevision: number,
  events: StreamAppend['events'],
): AppendResult | null {
  const first = expectedRevision + 1;
  const there =
    events.length > 0 && events.every((event, i) => stream[first + i]?.metadata.eventId === event.metadata.eventId);
  if (!there) return null;
  const last = stream[expectedRevision + events.length]!;
  return { ok: true, revision: last.revision, position: last.position };
}
