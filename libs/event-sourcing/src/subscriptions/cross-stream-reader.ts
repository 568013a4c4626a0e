import { categoryOf, type Batch, type EventStore, type RecordedEvent } from '../event-store.js';

/** Number of newest events kept in memory; subscriptions further behind read from the store. */
export const BUFFER_SIZE = 500;

/**
 * Reads the end of the store once for all subscriptions of a process that have caught up. Reading the same few events
 * for each subscription would cost more than appending them.
 */
export class CrossStreamReader {
  readonly #categories = new Set<string>();
  /** All events of the categories after `#from` and up to `#upTo`, in order. */
  #buffer: RecordedEvent[] = [];
  #from: bigint | null = null;
  #upTo = 0n;
  #currentRead: Promise<boolean> | null = null;
  #nextRead: Promise<boolean> | null = null;

  constructor(private readonly store: EventStore) {}

  /** Call before the first `read`. */
  cover(categories: readonly string[]): void {
    for (const category of categories) this.#categories.add(category);
  }

  /**
   * Reads up to `limit` events of these categories after a position. An empty batch means that there were none when the
   * call was made.
   */
  async read(after: bigint, categories: readonly string[], limit: number): Promise<Batch> {
    if (this.#from === null) await this.#readMore();
    for (let complete = false; ; complete = await this.#readMore()) {
      const batch = this.#after(after, categories, limit);
      if (!batch) return this.store.readBatch(categories, after, limit);
      if (batch.events.length > 0 || complete) return batch;
    }
  }

  /** Returns `null` if the position is before the buffer. */
  #after(after: bigint, categories: readonly string[], limit: number): Batch | null {
    if (after < this.#from!) return null;
    const events: RecordedEvent[] = [];
    for (let i = this.#firstAfter(after); i < this.#buffer.length; i++) {
      const event = this.#buffer[i]!;
      if (!categories.includes(categoryOf(event.streamName))) continue;
      if (events.length === limit) return { after, events, upTo: events.at(-1)!.position };
      events.push(event);
    }
    return { after, events, upTo: after > this.#upTo ? after : this.#upTo };
  }

  /** Searches from the end, because the newest events are requested most. */
  #firstAfter(position: bigint): number {
    let index = this.#buffer.length;
    while (index > 0 && this.#buffer[index - 1]!.position > position) index--;
    return index;
  }

  /**
   * Reads newer events; resolves to false if there may be more. Only a read that starts after this call counts, because
   * one in progress may have started too early.
   */
  #readMore(): Promise<boolean> {
    if (!this.#currentRead) return this.#begin();
    this.#nextRead ??= this.#currentRead
      .catch(() => false)
      .then(() => {
        this.#nextRead = null;
        // Another caller may already have started the next read.
        return this.#currentRead ?? this.#begin();
      });
    return this.#nextRead;
  }

  #begin(): Promise<boolean> {
    this.#currentRead = this.#readNewer().finally(() => (this.#currentRead = null));
    return this.#currentRead;
  }

  async #readNewer(): Promise<boolean> {
    if (this.#from === null) {
      this.#from = this.#upTo = await this.store.head();
      return true;
    }
    const { events, upTo } = await this.store.readBatch([...this.#categories], this.#upTo, BUFFER_SIZE);
    this.#buffer.push(...events);
    this.#upTo = upTo;
    const tooMany = this.#buffer.length - BUFFER_SIZE;
    if (tooMany > 0) {
      this.#from = this.#buffer[tooMany - 1]!.position;
      this.#buffer.splice(0, tooMany);
    }
    return events.length < BUFFER_SIZE;
  }
}
