import type { Lease } from './lease.js';

/** A lease this process has, until its own clock or the database says otherwise. */
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

  /** @param validUntil on the clock of `performance.now()`, counted from before the database was asked */
  extend(validUntil: number): void {
    if (this.#lost) return;
    this.#validUntil = validUntil;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.lose('it could not be renewed in time'), validUntil - performance.now());
    this.#timer.unref();
  }

  lose(reason: string): void {
    this.#lost = true;
    this.abort(reason);
    clearTimeout(this.#timer);
  }

  /** The work is told to stop; the lease stays until it has. */
  abort(reason: string): void {
    this.#controller.abort(new Error(`the lease ${this.name} is gone: ${reason}`));
  }
}
