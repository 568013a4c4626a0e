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
  readonly singleProcess?: boolean;
  /** After how long without a renewal others may have it. Default 5,000. */
  readonly leaseMs?: number;
  /** How often leases are renewed and, where they are wanted, looked for. Default 1,000. */
  readonly renewMs?: number;
  readonly logger?: { warn(facts: object, message: string): void };
}

/**
 * Leases in PostgreSQL: of all processes that `hold` a name one works, and when it is gone another does within
 * `leaseMs + renewMs`, at once after a clean stop. One query a beat renews everything a process holds.
 */
export class Leases {
  /** Whether no other process takes part. */
  readonly singleProcess: boolean;
  readonly #claims = new Map<string, LeaseClaim>();
  readonly #table: LeaseTable;
  readonly #leaseMs: number;
  readonly #renewMs: number;
  #renewing: Promise<void> | null = null;
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
    const { connectionString, schema = 'leases', leaseMs = 5_000, renewMs = 1_000 } = options;
    this.singleProcess = options.singleProcess === true;
    // A process in another life is recognised by its name; all others have a name of their own.
    const holder = this.singleProcess ? 'alone' : `${hostname()}:${process.pid}:${randomUUID()}`;
    this.#leaseMs = leaseMs;
    this.#renewMs = renewMs;
    const released = (): void => this.#renewSoon();
    this.#table = new LeaseTable({ connectionString, schema, holder, leaseMs, released });
  }

  /**
   * Works under the lease `name` whenever this process has it, until `stop`. Returns when it was asked for once: then it is
   * held already if it was free.
   */
  async hold(name: string, worker: Worker): Promise<Hold> {
    if (this.#closed) throw new Error(`${name} comes too late: the leases are closed`);
    if (this.#claims.has(name)) throw new Error(`this process holds the lease ${name} already`);
    const claim = new LeaseClaim(name, worker);
    this.#claims.set(name, claim);
    try {
      await this.#table.register(name);
    } catch (error) {
      this.#claims.delete(name);
      throw error;
    }
    claim.registered = true;
    await this.#renewNow();
    return {
      get held() {
        return claim.lease?.held ?? false;
      },
      stop: () => this.#stop(claim),
    };
  }

  /** Takes the lease from whoever has it, who learns of it within a beat. For one deed: it is not renewed. */
  async seize(name: string): Promise<Seizure> {
    const fence = await this.#table.seize(name);
    this.#claims.get(name)?.lease?.lose('it was taken by force');
    return { fence, release: () => this.#table.release({ name, fence }) };
  }

  /** What this process holds or waits for. */
  wanted(): readonly { readonly name: string; readonly held: boolean }[] {
    return [...this.#claims.values()].map(({ name, lease }) => ({ name, held: lease?.held ?? false }));
  }

  /** Stops all work and gives everything up. */
  async close(): Promise<void> {
    await (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#claims.values()].map((claim) => this.#stop(claim)));
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#renewing;
    await this.#table.close();
  }

  async #stop(claim: LeaseClaim): Promise<void> {
    claim.stopped = true;
    // It may just be obtaining the lease.
    await this.#renewing;
    claim.lease?.abort('the work is to stop');
    await claim.working;
    if (this.#claims.get(claim.name) === claim) this.#claims.delete(claim.name);
  }

  /** Begins after this call, and returns when it is done. */
  async #renewNow(): Promise<void> {
    if (this.#closed) return;
    this.#again = true;
    await (this.#renewing ??= this.#renewLoop().finally(() => (this.#renewing = null)));
  }

  #renewSoon(): void {
    void this.#renewNow();
  }

  /** A beat does not fail: what it could not do the next one does. */
  async #renewLoop(): Promise<void> {
    clearTimeout(this.#timer);
    while (this.#again) {
      this.#again = false;
      await this.#renew();
    }
    if (this.#closed) return;
    this.#timer = setTimeout(() => this.#renewSoon(), this.#renewMs);
    this.#timer.unref();
  }

  async #renew(): Promise<void> {
    const held = [...this.#claims.values()].flatMap(({ lease }) => (lease?.held ? [lease] : []));
    const wanted = [...this.#claims.values()].filter((claim) => claim.wanted);
    if (held.length + wanted.length === 0) return;
    const requestedAt = performance.now();
    try {
      const current = await this.#table.renewAndAcquire(
        held,
        wanted.map(({ name }) => name),
      );
      const fences = new Map(current.map(({ name, fence }) => [name, fence]));
      for (const lease of held) {
        if (fences.get(lease.name) === lease.fence) lease.extend(requestedAt + this.#leaseMs);
        else lease.lose('another process has it');
      }
      for (const claim of wanted) {
        const fence = fences.get(claim.name);
        if (fence !== undefined) this.#acquired(claim, fence, requestedAt + this.#leaseMs);
      }
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) this.options.logger?.warn({ err: error }, 'leases could not be renewed; it is tried again');
      this.#failed = true;
    }
  }

  #acquired(claim: LeaseClaim, fence: bigint, validUntil: number): void {
    const lease = new HeldLease(claim.name, fence);
    lease.extend(validUntil);
    claim.lease = lease;
    claim.working = this.#work(claim, lease);
  }

  /** The lease is renewed until the work has ended, also when it was told to stop. */
  async #work(claim: LeaseClaim, lease: HeldLease): Promise<void> {
    if (!claim.stopped) {
      await claim.worker
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
    claim.lease = null;
    claim.working = null;
    // Work that ended by itself waits for the next beat, lest it end again and again.
    if (wasLost) this.#renewSoon();
  }
}

/** A name this process wants. */
class LeaseClaim {
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
