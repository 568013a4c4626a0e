import type { Lease } from './lease.js';

/** A lease held by this process until its own clock or the database ends it. */
export class HeldLease implements Lease {
  readonly #controller = new AbortController();
  #validUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  #lost = false;

  constructor(
    readonly name: string,
    readonly fence: bigint,
  ) {}

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get held(): boolean {
    return !this.#lost && performance.now() < this.#validUntil;
  }

  /** @param validUntil on the clock of `performance.now()`, measured from before the database was queried */
  extend(validUntil: number): void {
    if (this.#lost) return;
    this.#validUntil = validUntil;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.lose('not renewed in time'), validUntil - performance.now());
    this.#timer.unref();
  }

  lose(reason: string): void {
    this.#lost = true;
    this.abort(reason);
    clearTimeout(this.#timer);
  }

  /** Aborts the work; the lease is kept until it has ended. */
  abort(reason: string): void {
    this.#controller.abort(new Error(`lease ${this.name} ended: ${reason}`));
  }
}
