/** A lease by its holder's fencing token. */
export interface Fenced {
  readonly name: string;
  readonly fence: bigint;
}

/** Describes the process to the place where its leases are kept. */
export interface LeaseHolder {
  /** Differs from that of every other process. */
  readonly holder: string;
  readonly leaseMs: number;
  /** To be called when a lease was released, by any process. */
  readonly released: () => void;
}

/** Where leases are kept. All times are those of the store, so the clocks of the processes do not matter. */
export interface LeaseStore {
  /** Makes the store usable; processes that start at the same time take turns. */
  create(): Promise<void>;
  /** Makes a lease known, which nobody holds then. */
  register(name: string): Promise<void>;
  /** Renews the held leases and acquires wanted ones that are free. Returns the leases held now. */
  renewAndAcquire(held: readonly Fenced[], wanted: readonly string[]): Promise<readonly Fenced[]>;
  release(lease: Fenced): Promise<void>;
  /** Takes a lease from its holder. Returns the new fencing token. */
  seize(name: string): Promise<bigint>;
  close(): Promise<void>;
}
