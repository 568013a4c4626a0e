import type { Batch, EventStore, RecordedEvent } from '../event-store.js';

/** So many of the newest events are held; who is further behind reads from the store. */
export const HELD = 500;

/**
 * The end of the store, read once for all subscriptions of a process that have come up to it. Each asking for the same few
 * events by itself would cost more than appending them.
 */
export class Tail {
  readonly #categories = new Set<string>();
  /** All events of the categories after `#from` and up to `#upTo`, in order. */
  #held: RecordedEvent[] = [];
  #from: bigint | null = null;
  #upTo = 0n;
  #reading: Promise<boolean> | null = null;
  #following: Promise<boolean> | null = null;

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
    if (this.#from === null) await this.#readOn();
    for (let complete = false; ; complete = await this.#readOn()) {
      const batch = this.#after(after, categories, limit);
      if (!batch) return this.store.readBatch(categories, after, limit);
      if (batch.events.length > 0 || complete) return batch;
    }
  }

  /** `null`: that far back is not held. */
  #after(after: bigint, categories: readonly string[], limit: number): Batch | null {
    if (after < this.#from!) return null;
    const events: RecordedEvent[] = [];
    for (let i = this.#firstAfter(after); i < this.#held.length; i++) {
      const event = this.#held[i]!;
      if (!categories.includes(categoryOf(event))) continue;
      if (events.length === limit) return { after, events, upTo: events.at(-1)!.position };
      events.push(event);
    }
    return { after, events, upTo: after > this.#upTo ? after : this.#upTo };
  }

  /** The newest are asked for most, so from the end. */
  #firstAfter(position: bigint): number {
    let index = this.#held.length;
    while (index > 0 && this.#held[index - 1]!.position > position) index--;
    return index;
  }

  /**
   * Reads what is newer; false when there is still more. The reading began after this call: one under way may have looked
   * too early.
   */
  #readOn(): Promise<boolean> {
    if (!this.#reading) return this.#begin();
    this.#following ??= this.#reading
      .catch(() => false)
      .then(() => {
        this.#following = null;
        // Whoever was told first may have begun the next reading already.
        return this.#reading ?? this.#begin();
      });
    return this.#following;
  }

  #begin(): Promise<boolean> {
    this.#reading = this.#readNewer().finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #readNewer(): Promise<boolean> {
    if (this.#from === null) {
      this.#from = this.#upTo = await this.store.head();
      return true;
    }
    const { events, upTo } = await this.store.readBatch([...this.#categories], this.#upTo, HELD);
    this.#held.push(...events);
    this.#upTo = upTo;
    const tooMany = this.#held.length - HELD;
    if (tooMany > 0) {
      this.#from = this.#held[tooMany - 1]!.position;
      this.#held.splice(0, tooMany);
    }
    return events.length < HELD;
  }
}

const categoryOf = ({ streamName }: RecordedEvent): string => streamName.slice(0, streamName.indexOf('-'));
