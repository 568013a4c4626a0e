import type { Batch, EventStore, RecordedEvent } from '../event-store.js';

/** So many of the newest events are held; who is further behind reads from the store. */
export const BUFFER_SIZE = 500;

/**
 * The end of the store, read once for all subscriptions of a process that have come up to it. Each asking for the same few
 * events by itself would cost more than appending them.
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

  /** Before the first `read`. */
  cover(categories: readonly string[]): void {
    for (const category of categories) this.#categories.add(category);
  }

  /**
   * Up to `limit` events of these categories after a position. Without events, nothing of them was there after it when the
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

  /** `null`: that far back is not held. */
  #after(after: bigint, categories: readonly string[], limit: number): Batch | null {
    if (after < this.#from!) return null;
    const events: RecordedEvent[] = [];
    for (let i = this.#firstAfter(after); i < this.#buffer.length; i++) {
      const event = this.#buffer[i]!;
      if (!categories.includes(categoryOf(event))) continue;
      if (events.length === limit) return { after, events, upTo: events.at(-1)!.position };
      events.push(event);
    }
    return { after, events, upTo: after > this.#upTo ? after : this.#upTo };
  }

  /** The newest are asked for most, so from the end. */
  #firstAfter(position: bigint): number {
    let index = this.#buffer.length;
    while (index > 0 && this.#buffer[index - 1]!.position > position) index--;
    return index;
  }

  /**
   * Reads what is newer; false when there is still more. The reading began after this call: one under way may have looked
   * too early.
   */
  #readMore(): Promise<boolean> {
    if (!this.#currentRead) return this.#begin();
    this.#nextRead ??= this.#currentRead
      .catch(() => false)
      .then(() => {
        this.#nextRead = null;
        // Whoever was told first may have begun the next reading already.
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

const categoryOf = ({ streamName }: RecordedEvent): string => streamName.slice(0, streamName.indexOf('-'));
