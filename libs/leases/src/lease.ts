/** A right that one process at a time has, for as long as it renews it. */
export interface Lease {
  readonly name: string;
  /** Grows with every change of hands. What is written under the lease carries it, and a smaller one is turned away. */
  readonly fence: bigint;
  /**
   * Aborts when the lease is lost (another may have it now) or given up (`Hold.stop`): then stop, and finish nothing that
   * needs the lease unless `held` still says so.
   */
  readonly signal: AbortSignal;
  /**
   * Whether nobody else can have it yet, by this process's own monotonic clock. A process that was paused sees `false`
   * here before its timers have run; only the fence protects what was already on its way.
   */
  readonly held: boolean;
}

/** What is done under a lease. */
export interface Worker {
  /**
   * Called each time the lease is obtained; returns soon after `lease.signal` aborts. If it returns or throws before, the
   * lease is given up and asked for again about a second later.
   */
  work(lease: Lease): Promise<void>;
}

/** That a process wants a lease, for as long as it does. */
export interface Hold {
  /** Whether this process has it now. */
  readonly held: boolean;
  /** Aborts the work, waits for it, and gives the lease to whoever waits. */
  stop(): Promise<void>;
}

/** A lease taken from whoever had it, for one deed. */
export interface Seizure {
  readonly fence: bigint;
  /** Lets others have it at once. */
  release(): Promise<void>;
}
