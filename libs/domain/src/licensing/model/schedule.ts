import type { Instant } from '../../decision.js';

/** A license or group to check at an instant. The effect is derived from the state, so a stale entry has none. */
export type DueKey = { readonly licenseId: string } | { readonly groupId: string };

/** The instants at which something becomes due, with the keys to check at each. */
export interface Schedule {
  add(at: Instant, key: DueKey): void;
  /** Everything due at or before `now`, in order of time. */
  upTo(now: Instant): readonly (readonly [Instant, readonly DueKey[]])[];
  /** Forgets what is due at or before `now`. */
  dropUpTo(now: Instant): void;
  next(): Instant | null;
  /** The keys to check at a later instant. */
  at(instant: Instant): Iterable<DueKey>;
}

export class LiveSchedule implements Schedule {
  private readonly heap: Instant[] = [];
  private readonly buckets = new Map<Instant, Map<string, DueKey>>();

  add(at: Instant, key: DueKey): void {
    let bucket = this.buckets.get(at);
    if (!bucket) {
      bucket = new Map();
      this.buckets.set(at, bucket);
      this.push(at);
    }
    bucket.set('licenseId' in key ? `license ${key.licenseId}` : key.groupId, key);
  }

  upTo(now: Instant): readonly (readonly [Instant, readonly DueKey[]])[] {
    if ((this.heap[0] ?? Infinity) > now) return [];
    const due: Instant[] = [];
    const visit = (index: number): void => {
      const at = this.heap[index];
      if (at === undefined || at > now) return;
      due.push(at);
      visit(2 * index + 1);
      visit(2 * index + 2);
    };
    visit(0);
    return due.sort((a, b) => a - b).map((at) => [at, [...(this.buckets.get(at)?.values() ?? [])]] as const);
  }

  dropUpTo(now: Instant): void {
    while (this.heap[0] !== undefined && this.heap[0] <= now) this.buckets.delete(this.pop());
  }

  next(): Instant | null {
    return this.heap[0] ?? null;
  }

  at(instant: Instant): Iterable<DueKey> {
    return this.buckets.get(instant)?.values() ?? [];
  }

  private push(at: Instant): void {
    const heap = this.heap;
    let index = heap.push(at) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (heap[parent]! <= at) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = at;
  }

  private pop(): Instant {
    const heap = this.heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
      if (child >= heap.length || heap[child]! >= last) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

/** A draft adds nothing: it decides at one instant and is discarded, and new entries would lie after that instant. */
export class DraftSchedule implements Schedule {
  constructor(private readonly below: Schedule) {}
  add(): void {}
  upTo(now: Instant): readonly (readonly [Instant, readonly DueKey[]])[] {
    return this.below.upTo(now);
  }
  dropUpTo(): void {}
  next(): Instant | null {
    return this.below.next();
  }
  at(instant: Instant): Iterable<DueKey> {
    return this.below.at(instant);
  }
}
