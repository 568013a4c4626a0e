import type { EventStore } from '../event-store.js';

/** Counts the hints that another process appended; a state verified before the latest one may be outdated. */
export class ForeignAppends {
  readonly #stop: () => void;
  #count = 0;

  constructor(store: EventStore) {
    this.#stop = store.onAppend((byAnotherProcess) => {
      if (byAnotherProcess) this.#count++;
    });
  }

  get count(): number {
    return this.#count;
  }

  stop(): void {
    this.#stop();
  }
}
