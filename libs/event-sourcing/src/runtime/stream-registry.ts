import { LRUCache } from 'lru-cache';

/** A stream of any aggregate. */
export interface Registered {
  readonly streamName: string;
  /** Size of the state in memory, `null` if there is none. */
  readonly stateBytes: number | null;
}

/** The streams of a runtime: those with requests in progress, and the idle ones whose states fit into memory. */
export class StreamRegistry {
  readonly #busy = new Map<string, Registered>();
  readonly #idle: LRUCache<string, Registered>;
  #stopped = false;
  readonly #whenIdle: (() => void)[] = [];

  constructor(private readonly maxBytes: number) {
    this.#idle = new LRUCache({ maxSize: maxBytes });
  }

  /** Size of the idle states. */
  get bytes(): number {
    return this.#idle.calculatedSize;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  find(streamName: string): Registered | undefined {
    return this.#busy.get(streamName) ?? this.#idle.get(streamName);
  }

  busy(stream: Registered): void {
    this.#busy.set(stream.streamName, stream);
  }

  idle(stream: Registered): void {
    const { streamName, stateBytes } = stream;
    this.#busy.delete(streamName);
    if (this.#busy.size === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
    // The cache only accepts a new size with a new entry.
    this.#idle.delete(streamName);
    if (stateBytes === null) return;
    this.#idle.set(streamName, stream, { size: Math.min(Math.max(1, Math.ceil(stateBytes)), this.maxBytes) });
  }

  /** Resolves once no request is in progress. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#busy.size > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }
}
