import type { DatabaseFlaws } from './database.harness.js';
import type { StoreFlaws } from './event-store.harness.js';

/** Mistakes built into the simulated ports, to prove that the checks find them. */
export type Flaws = StoreFlaws & DatabaseFlaws;

/** Each by its name. */
export const FLAWS = {
  answersBeforeAppend: { answersBeforeAppend: true },
  sendsTwice: { sendsTwice: true },
  skipsHorizon: { skipsHorizon: true },
  /** Alone it makes no difference: the positions that a holder expects protect checkpoints as well. */
  dropsFence: { dropsFence: true },
  dropsFenceAndPosition: { dropsFence: true, dropsPosition: true },
} as const satisfies Readonly<Record<string, Flaws>>;
