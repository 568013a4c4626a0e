/** An event proposed by a client. */
export interface Proposed {
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** A recorded event and its place in the log. */
export interface Entry extends Proposed {
  readonly streamName: string;
  readonly revision: number;
  /** Position in the log: commit and prepare position are equal for everything written over gRPC. */
  readonly position: bigint;
}

export type Expected = 'any' | 'no stream' | 'stream exists' | number;

export type Appended =
  | { readonly ok: true; readonly revision: number; readonly position: bigint }
  | { readonly ok: false; readonly current: number };

/** Approximate overhead of a record in the log, in bytes. */
const RECORD_BYTES = 100;

/** The log of an EventStoreDB node: streams, positions and the rules for idempotent appends. */
export class Log {
  readonly entries: Entry[] = [];
  readonly #streams = new Map<string, Entry[]>();
  /** Entries by id; the latest if an id was written twice. */
  readonly #byId = new Map<string, Entry>();
  /** Position 0 is reserved by the node. */
  #end = 256n;
  readonly #waiting = new Set<() => void>();
  /** First visible revision of a stream: `$tb` of its metadata, or infinity after a soft delete. */
  readonly #truncatedBefore = new Map<string, number>();
  readonly #maxCounts = new Map<string, number>();
  readonly #tombstoned = new Set<string>();

  constructor() {
    // A new node writes these; `$all` shows them to administrators.
    this.write('$user-admin', [systemEvent('$UserCreated')]);
    this.write('$users', [systemEvent('$User')]);
  }

  stream(name: string): readonly Entry[] {
    return this.#streams.get(name) ?? [];
  }

  /** Entries that a read of the stream returns. `null`: the stream does not exist or was soft-deleted. */
  shown(name: string): readonly Entry[] | null {
    const stream = this.stream(name);
    const maxCount = this.#maxCounts.get(name) ?? Infinity;
    const from = Math.max(this.#truncatedBefore.get(name) ?? 0, stream.length - maxCount);
    const isDeleted = this.#truncatedBefore.get(name) === Infinity;
    return stream.length === 0 || isDeleted ? null : stream.filter(({ revision }) => revision >= from);
  }

  /** Sets `$tb` in the metadata of a stream. */
  truncateBefore(name: string, revision: number): void {
    this.#truncatedBefore.set(name, revision);
  }

  /** Sets `$maxCount` in the metadata of a stream. */
  setMaxCount(name: string, count: number): void {
    this.#maxCounts.set(name, count);
  }

  /** The stream appears not to exist until the next append, which continues at its next revision. */
  deleteSoftly(name: string): void {
    this.#truncatedBefore.set(name, Infinity);
  }

  /** Deletes the stream permanently: `$all` shows the system event of it. */
  tombstone(name: string): void {
    this.write(name, [systemEvent('$streamDeleted')]);
    this.#tombstoned.add(name);
  }

  isTombstoned(name: string): boolean {
    return this.#tombstoned.has(name);
  }

  /** Decides like the node: is the stream at the expected revision, or does it already contain these events? */
  append(streamName: string, expected: Expected, events: readonly Proposed[]): Appended {
    const stream = this.stream(streamName);
    const isDeleted = this.#truncatedBefore.get(streamName) === Infinity;
    const current = stream.length - 1;
    if (isDeleted && expected === 'no stream') {
      this.#truncatedBefore.set(streamName, stream.length);
      const last = this.write(streamName, events);
      return { ok: true, revision: last.revision, position: last.position };
    }
    if (expected === 'stream exists' && current < 0) return { ok: false, current };
    const repeated =
      typeof expected === 'number' || expected === 'no stream'
        ? this.#repeatedAt(stream, expected === 'no stream' ? -1 : expected, events)
        : this.#repeatedAnywhere(streamName, events);
    if (repeated === 'partly') return { ok: false, current };
    if (repeated) return { ok: true, revision: repeated.revision, position: repeated.position };
    const free = typeof expected === 'string' ? expected !== 'no stream' || current < 0 : expected === current;
    if (!free) return { ok: false, current };
    const last = this.write(streamName, events);
    return { ok: true, revision: last.revision, position: last.position };
  }

  /** Writes without a check, like the node for its own events. */
  write(streamName: string, events: readonly Proposed[]): Entry {
    const stream = this.#streams.get(streamName) ?? [];
    this.#streams.set(streamName, stream);
    for (const event of events) {
      const entry = { ...event, streamName, revision: stream.length, position: this.#end };
      this.#end += BigInt(RECORD_BYTES + event.data.length + event.metadata.length);
      stream.push(entry);
      this.entries.push(entry);
      this.#byId.set(entry.id, entry);
    }
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
    return stream.at(-1)!;
  }

  /** Resolves at the next write. */
  grown(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  /** For a stream beyond the expected revision: each event must be at exactly its revision. */
  #repeatedAt(stream: readonly Entry[], expected: number, events: readonly Proposed[]): Entry | 'partly' | null {
    if (expected >= stream.length - 1 || events.length === 0) return null;
    const matching = events.findIndex(({ id }, i) => stream[expected + 1 + i]?.id !== id);
    if (matching === -1) return stream[expected + events.length] ?? null;
    return matching === 0 ? null : 'partly';
  }

  /** Without an expected revision: each event may be anywhere in the stream. A real node forgets old ones. */
  #repeatedAnywhere(streamName: string, events: readonly Proposed[]): Entry | 'partly' | null {
    const held = events.map(({ id }) => this.#byId.get(id)).map((entry) => entry?.streamName === streamName && entry);
    const missing = held.findIndex((entry) => !entry);
    if (missing === -1) return held.at(-1) || null;
    return missing === 0 ? null : 'partly';
  }
}

export function systemEvent(type: string): Proposed {
  const data = Buffer.from('{}');
  return { id: crypto.randomUUID(), type, contentType: 'application/json', data, metadata: new Uint8Array() };
}
