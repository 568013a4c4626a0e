import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { HeldLease } from './held-lease.js';
import type { LeaseHolder, LeaseStore } from './lease-store.js';
import { LeaseTable } from './lease-table.js';
import type { Hold, Seizure, Worker } from './lease.js';

export interface LeasesOptions extends LeaseSettings {
  readonly connectionString: string;
  /** The table is `<schema>.lease`; both are created. Default `leases`. */
  readonly schema?: string;
}

export interface LeaseSettings {
  /** This is the only process that uses these leases, so it takes over those of its previous run immediately. */
  readonly singleProcess?: boolean;
  /** Lifetime in milliseconds without renewal. Default 5,000. */
  readonly leaseMs?: number;
  /** Interval in milliseconds of renewals and acquisition attempts. Default 1,000. */
  readonly renewMs?: number;
  readonly logger?: { warn(facts: object, message: string): void };
}

/**
 * Leases, in PostgreSQL unless another store is given. One of all processes that `hold` a name works; when it dies another takes over within `leaseMs
 * + renewMs`, after a clean stop immediately. One query per interval renews all leases of a process.
 */
export class Leases {
  /** Whether this is the only process that uses the leases. */
  readonly singleProcess: boolean;
  readonly #claims = new Map<string, LeaseClaim>();
  readonly #store: LeaseStore;
  readonly #leaseMs: number;
  readonly #renewMs: number;
  #renewing: Promise<void> | null = null;
  #again = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #closing: Promise<void> | null = null;
  #failed = false;

  /** Connects to PostgreSQL and creates the table. */
  static open(options: LeasesOptions): Promise<Leases> {
    const { connectionString, schema = 'leases' } = options;
    return Leases.in((holder) => new LeaseTable({ connectionString, schema, ...holder }), options);
  }

  /** Leases that are kept in another store. */
  static async in(openStore: (holder: LeaseHolder) => LeaseStore, settings: LeaseSettings): Promise<Leases> {
    const leases = new Leases(openStore, settings);
    try {
      await leases.#store.create();
    } catch (error) {
      await leases.close();
      throw error;
    }
    return leases;
  }

  private constructor(
    openStore: (holder: LeaseHolder) => LeaseStore,
    private readonly options: LeaseSettings,
  ) {
    const { leaseMs = 5_000, renewMs = 1_000 } = options;
    this.singleProcess = options.singleProcess === true;
    // The fixed name identifies the previous run of the process; in all other cases names are unique.
    const holder = this.singleProcess ? 'alone' : `${hostname()}:${process.pid}:${randomUUID()}`;
    this.#leaseMs = leaseMs;
    this.#renewMs = renewMs;
    const released = (): void => this.#renewSoon();
    this.#store = openStore({ holder, leaseMs, released });
  }

  /**
   * Calls `worker` whenever this process holds the lease `name`, until `stop`. Resolves after the first attempt: a free
   * lease is then held.
   */
  async hold(name: string, worker: Worker): Promise<Hold> {
    if (this.#closed) throw new Error(`cannot hold lease ${name}: the leases are closed`);
    if (this.#claims.has(name)) throw new Error(`this process already holds the lease ${name}`);
    const claim = new LeaseClaim(name, worker);
    this.#claims.set(name, claim);
    try {
      await this.#store.register(name);
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

  /**
   * Takes the lease from its holder, who notices within one renewal interval. It is not renewed: use it for one short
   * operation.
   */
  async seize(name: string): Promise<Seizure> {
    const fence = await this.#store.seize(name);
    this.#claims.get(name)?.lease?.lose('taken by force');
    return { fence, release: () => this.#store.release({ name, fence }) };
  }

  /** The leases that this process holds or waits for. */
  wanted(): readonly { readonly name: string; readonly held: boolean }[] {
    return [...this.#claims.values()].map(({ name, lease }) => ({ name, held: lease?.held ?? false }));
  }

  /** Stops all work and releases all leases. */
  async close(): Promise<void> {
    await (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#claims.values()].map((claim) => this.#stop(claim)));
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#renewing;
    await this.#store.close();
  }

  async #stop(claim: LeaseClaim): Promise<void> {
    claim.stopped = true;
    // The lease may be about to be acquired.
    await this.#renewing;
    claim.lease?.abort('work stopped');
    await claim.working;
    if (this.#claims.get(claim.name) === claim) this.#claims.delete(claim.name);
  }

  /** Starts a renewal after this call, and resolves once it is done. */
  async #renewNow(): Promise<void> {
    if (this.#closed) return;
    this.#again = true;
    await (this.#renewing ??= this.#renewLoop().finally(() => (this.#renewing = null)));
  }

  #renewSoon(): void {
    void this.#renewNow();
  }

  /** Never rejects: whatever failed is done by the next renewal. */
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
      const current = await this.#store.renewAndAcquire(
        held,
        wanted.map(({ name }) => name),
      );
      const fences = new Map(current.map(({ name, fence }) => [name, fence]));
      for (const lease of held) {
        if (fences.get(lease.name) === lease.fence) lease.extend(requestedAt + this.#leaseMs);
        else lease.lose('held by another process');
      }
      for (const claim of wanted) {
        const fence = fences.get(claim.name);
        if (fence !== undefined) this.#acquired(claim, fence, requestedAt + this.#leaseMs);
      }
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) this.options.logger?.warn({ err: error }, 'could not renew leases, retrying');
      this.#failed = true;
    }
  }

  #acquired(claim: LeaseClaim, fence: bigint, validUntil: number): void {
    const lease = new HeldLease(claim.name, fence);
    lease.extend(validUntil);
    claim.lease = lease;
    claim.working = this.#work(claim, lease);
  }

  /** The lease is renewed until the work has ended, even after it was aborted. */
  async #work(claim: LeaseClaim, lease: HeldLease): Promise<void> {
    if (!claim.stopped) {
      await claim.worker
        .work(lease)
        .catch((error: unknown) =>
          this.options.logger?.warn({ err: error, lease: lease.name }, 'work under a lease failed'),
        );
    }
    const wasLost = !lease.held;
    const released = wasLost ? Promise.resolve() : this.#store.release(lease);
    lease.lose('released');
    // If the release fails, the lease expires.
    await released.catch(() => undefined);
    claim.lease = null;
    claim.working = null;
    // Work that ended on its own is restarted at the next renewal, to avoid a tight loop.
    if (wasLost) this.#renewSoon();
  }
}

/** A lease that this process requests. */
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
