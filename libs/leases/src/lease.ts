/** A lease held by one process at a time, as long as it renews it. */
export interface Lease {
  readonly name: string;
  /**
   * Fencing token: grows with every change of holder. Writes made under the lease carry it, and a smaller token is
   * rejected.
   */
  readonly fence: bigint;
  /**
   * Aborts when the lease is lost (another process may have it now) or released (`Hold.stop`). Stop then, and complete
   * work that needs the lease only while `held` is true.
   */
  readonly signal: AbortSignal;
  /**
   * Whether no other process can hold the lease yet, by the monotonic clock of this process. A process that was paused
   * reads `false` before its timers fire; only the fencing token protects writes already in progress.
   */
  readonly held: boolean;
}

/** Work done under a lease. */
export interface Worker {
  /**
   * Called each time the lease is acquired; must return soon after `lease.signal` aborts. If it returns or throws
   * earlier, the lease is released and requested again about a second later.
   */
  work(lease: Lease): Promise<void>;
}

/** The request of a process for a lease. */
export interface Hold {
  /** Whether this process currently holds the lease. */
  readonly held: boolean;
  /** Aborts the work, waits for it to end and releases the lease. */
  stop(): Promise<void>;
}

/** A lease taken from its holder by force, for a single operation. */
export interface Seizure {
  readonly fence: bigint;
  /** Releases the lease immediately. */
  release(): Promise<void>;
}
