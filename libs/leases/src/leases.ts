import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { HeldLease } from './held-lease.js';
import { LeaseTable } from './lease-table.js';
import type { Hold, Seizure, Worker } from './lease.js';

export interface LeasesOptions {
  readonly connectionString: string;
  /** The table is `<schema>.lease`; both are created. Default `leases`. */
  readonly schema?: string;
  /** This process is the only one that wants these leases: what it held in an earlier life it takes over at once. */
  readonly alone?: boolean;
  /** After how long without a renewal others may have it. Default 5,000. */
  readonly leaseMs?: number;
  /** How often leases are renewed and, where they are wanted, looked for. Default 1,000. */
  readonly beatMs?: number;
  readonly logger?: { warn(facts: object, message: string): void };
}

/**
 * Leases in PostgreSQL: of all processes that `hold` a name one works, and when it is gone another does within
 * `leaseMs + beatMs`, at once after a clean stop. One query a beat renews everything a process holds.
 */
export class Leases {
  /** Whether no other process takes part. */
  readonly alone: boolean;
  readonly #holdings = new Map<string, Holding>();
  readonly #table: LeaseTable;
  readonly #leaseMs: number;
  readonly #beatMs: number;
  #beating: Promise<void> | null = null;
  #again = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #closing: Promise<void> | null = null;
  #failed = false;

  /** Connects and creates the table. */
  static async open(options: LeasesOptions): Promise<Leases> {
    const leases = new Leases(options);
    try {
      await leases.#table.create();
    } catch (error) {
      await leases.close();
      throw error;
    }
    return leases;
  }

  private constructor(private readonly options: LeasesOptions) {
    const { connectionString, schema = 'leases', leaseMs = 5_000, beatMs = 1_000 } = options;
    this.alone = options.alone === true;
    // A process in another life is recognised by its name; all others have a name of their own.
    const holder = this.alone ? 'alone' : `${hostname()}:${process.pid}:${randomUUID()}`;
    this.#leaseMs = leaseMs;
    this.#beatMs = beatMs;
    const released = (): void => this.#beatSoon();
    this.#table = new LeaseTable({ connectionString, schema, holder, leaseMs, released });
  }

  /**
   * Works under the lease `name` whenever this process has it, until `stop`. Returns when it was asked for once: then it is
   * held already if it was free.
   */
  async hold(name: string, worker: Worker): Promise<Hold> {
    if (this.#closed) throw new Error(`${name} comes too late: the leases are closed`);
    if (this.#holdings.has(name)) throw new Error(`this process holds the lease ${name} already`);
    const holding = new Holding(name, worker);
    this.#holdings.set(name, holding);
    try {
      await this.#table.register(name);
    } catch (error) {
      this.#holdings.delete(name);
      throw error;
    }
    holding.registered = true;
    await this.#beatNow();
    return {
      get held() {
        return holding.lease?.held ?? false;
      },
      stop: () => this.#stop(holding),
    };
  }

  /** Takes the lease from whoever has it, who learns of it within a beat. For one deed: it is not renewed. */
  async seize(name: string): Promise<Seizure> {
    const fence = await this.#table.seize(name);
    this.#holdings.get(name)?.lease?.lose('it was taken by force');
    return { fence, release: () => this.#table.release({ name, fence }) };
  }

  /** What this process holds or waits for. */
  wanted(): readonly { readonly name: string; readonly held: boolean }[] {
    return [...this.#holdings.values()].map(({ name, lease }) => ({ name, held: lease?.held ?? false }));
  }

  /** Stops all work and gives everything up. */
  async close(): Promise<void> {
    await (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#holdings.values()].map((holding) => this.#stop(holding)));
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#beating;
    await this.#table.close();
  }

  async #stop(holding: Holding): Promise<void> {
    holding.stopped = true;
    // It may just be obtaining the lease.
    await this.#beating;
    holding.lease?.giveUp('the work is to stop');
    await holding.working;
    if (this.#holdings.get(holding.name) === holding) this.#holdings.delete(holding.name);
  }

  /** Begins after this call, and returns when it is done. */
  async #beatNow(): Promise<void> {
    if (this.#closed) return;
    this.#again = true;
    await (this.#beating ??= this.#beats().finally(() => (this.#beating = null)));
  }

  #beatSoon(): void {
    void this.#beatNow();
  }

  /** A beat does not fail: what it could not do the next one does. */
  async #beats(): Promise<void> {
    clearTimeout(this.#timer);
    while (this.#again) {
      this.#again = false;
      await this.#beat();
    }
    if (this.#closed) return;
    this.#timer = setTimeout(() => this.#beatSoon(), this.#beatMs);
    this.#timer.unref();
  }

  async #beat(): Promise<void> {
    const held = [...this.#holdings.values()].flatMap(({ lease }) => (lease?.held ? [lease] : []));
    const wanted = [...this.#holdings.values()].filter((holding) => holding.wanted);
    if (held.length + wanted.length === 0) return;
    const asked = performance.now();
    try {
      const ours = await this.#table.beat(
        held,
        wanted.map(({ name }) => name),
      );
      const fences = new Map(ours.map(({ name, fence }) => [name, fence]));
      for (const lease of held) {
        if (fences.get(lease.name) === lease.fence) lease.extend(asked + this.#leaseMs);
        else lease.lose('another process has it');
      }
      for (const holding of wanted) {
        const fence = fences.get(holding.name);
        if (fence !== undefined) this.#obtained(holding, fence, asked + this.#leaseMs);
      }
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) this.options.logger?.warn({ err: error }, 'leases could not be renewed; it is tried again');
      this.#failed = true;
    }
  }

  #obtained(holding: Holding, fence: bigint, validUntil: number): void {
    const lease = new HeldLease(holding.name, fence);
    lease.extend(validUntil);
    holding.lease = lease;
    holding.working = this.#work(holding, lease);
  }

  /** The lease is renewed until the work has ended, also when it was told to stop. */
  async #work(holding: Holding, lease: HeldLease): Promise<void> {
    if (!holding.stopped) {
      await holding.worker
        .work(lease)
        .catch((error: unknown) =>
          this.options.logger?.warn({ err: error, lease: lease.name }, 'work under a lease ended with an error'),
        );
    }
    const wasLost = !lease.held;
    const released = wasLost ? Promise.resolve() : this.#table.release(lease);
    lease.lose('it was given up');
    // Where it cannot be said, it ends by itself.
    await released.catch(() => undefined);
    holding.lease = null;
    holding.working = null;
    // Work that ended by itself waits for the next beat, lest it end again and again.
    if (wasLost) this.#beatSoon();
  }
}

/** A name this process wants. */
class Holding {
  registered = false;
  stopped = false;
  lease: HeldLease | null = null;
  working: Promise<void> | null = null;

  constructor(
    readonly name: string,
    readonly worker: Worker,
  ) {}

  get wanted(): boolean {
    return this.registered && !this.stopped && this.working === null;
  }
}
